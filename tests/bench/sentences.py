"""Two hundred sentences, varied in length and in topic, that no calibration has seen."""

SINGLE = """\
The ferry to the island leaves twice a day in winter and every hour in summer.
Photosynthesis turns light, water and carbon dioxide into sugar and oxygen.
Who won the match?
She tuned the cello by ear while the hall was still empty.
Interest rates rose by a quarter of a point, which surprised nobody but the bond market.
Press and hold the power button for ten seconds to reset the router.
My grandmother's recipe calls for three kinds of pepper and a great deal of patience.
A sonnet has fourteen lines.
The defendant's lawyer asked for the trial to be moved to another county.
Heavy rain is expected in the north, with gusts of up to ninety kilometres an hour along the coast.
Yes.
The museum acquired two watercolours and a letter in the painter's own hand.
In 1969 two people walked on the Moon while a third waited in orbit above them.
Please find attached the minutes of our last meeting and the agenda for the next.
Whales sleep with half of their brain at a time.
How do I convert a list of strings into a dictionary in Python?
The bridge was closed for repairs after inspectors found cracks in two of its bearings.
Fold the egg whites into the batter gently, or the cake will not rise.
Migraine with aura affects roughly a quarter of those who suffer from migraines.
I am writing to complain about the noise from the building site opposite our house.
Volcanic soil is fertile, which is why people keep returning to the slopes.
The train was late again.
Turn left at the church, then follow the river until you see a red barn.
Neural networks with more layers are not always harder to train than shallow ones.
His first novel sold nine hundred copies, most of them to relatives.
Do cats dream?
The committee rejected the amendment by a narrow margin and adjourned until Monday.
A well-tempered chocolate snaps cleanly and does not melt at once in the hand.
There are more possible games of chess than atoms in the observable universe.
The goalkeeper saved two penalties, and the crowd sang until long after midnight.
To be, or not to be, that is the question.
Our warehouse ships orders placed before noon on the same day, except on public holidays.
An index on that column would make the query faster and every insert slower.
The orchestra rehearsed the slow movement four times without once reaching its end.
Bees communicate the direction of food by dancing.
Vaccines train the immune system without causing the disease itself.
Rust
Copper turns green as it weathers, because a layer of carbonate forms on its surface.
The tenant shall give notice in writing at least three months before the end of the lease.
We hiked for six hours, saw nobody, and slept under a sky full of stars.
What is the capital of Mongolia, and how cold does it get there in January?
The old lighthouse keeper wrote down the weather every evening for forty-one years.
Unemployment fell, yet wages hardly moved.
Add two tablespoons of olive oil, a pinch of salt and the juice of half a lemon.
The telescope's mirror is made of eighteen hexagonal segments coated in gold.
He speaks Portuguese at home, English at work and Italian to his dog.
Dinosaurs and humans never met.
The compiler reports an error on line 42: expected a semicolon before the closing brace.
Tickets for the evening performance are sold out, but a few seats remain for the matinee.
After the merger the two companies kept their separate offices, logos and coffee machines.
The glacier has retreated by almost a kilometre since it was first photographed.
I can't stand this song.
Farmers in the valley switched from wheat to sunflowers when the water became scarce.
The patient was given antibiotics and sent home with instructions to rest.
Sailors feared the cape for its sudden storms and its currents that ran against the wind.
Is this seat taken?
The satellite lost contact with the ground station for eleven minutes before its antenna was realigned.
A triangle's angles add up to 180 degrees only on a flat surface.
The mayor promised cheaper buses, cleaner parks and a library that opens on Sundays.
Ich habe das Paket noch nicht erhalten.
El restaurante cierra los lunes.
Le musée est gratuit le premier dimanche du mois.
@anna thanks!! see you at 8 :)
ERROR 503: upstream connect error or disconnect/reset before headers
SELECT name, price FROM products WHERE price > 100 ORDER BY price DESC;
Call +1 (555) 010-9999 between 9 a.m. and 5 p.m. to speak to an adviser.
The chef's knife needs sharpening, the cutting board needs oil, and the cook needs a holiday.
Inflation is always and everywhere a monetary phenomenon, according to one famous economist.
Few things calm a toddler like a cardboard box.
The violin was stolen from a taxi and returned nine years later by a stranger.
Under the microscope the drop of pond water was as busy as a market square.
Bring your own cup and get fifty cents off.
The treaty was signed in three languages, each version being equally authentic.
A marathon is 42.195 kilometres long.
The mortgage was approved on the condition that the roof be repaired within a year.
Cloud cover kept the night mild, and in the morning the fields lay under a thin fog.
He forgot his umbrella, his keys and, for a moment, where he lived.
Antarctica has no native population and no time zone of its own.
This laptop runs hot when more than two screens are attached to it.
The referee looked at the replay for three minutes and then changed her mind.
Moss grows on the side of the tree that stays damp the longest.
Why does my sourdough starter smell of nail polish remover?
The printing press made books cheap, pamphlets cheaper and rumours free.
Ocean currents carry warm water from the Gulf of Mexico to the coast of Norway.
The exam lasts three hours and consists of an essay and forty short questions.
A password of four random words is easier to remember than eight odd symbols.
She collects stamps from countries that no longer exist.
The drought emptied the reservoir so far that the walls of a drowned village reappeared.
Buy now
Quantum computers factor large numbers quickly in theory and small ones slowly in practice.
The puppy chewed through the charger, the slippers and a corner of the sofa.
The company's share price fell four percent after its quarterly results were published.
Light takes eight minutes to travel from the Sun to the Earth.
A black belt is where learning begins, the instructor said, and bowed.
The hotel offered a late check-out and a voucher for the spa as an apology.
Saffron is picked by hand, which explains both its price and its colour on their fingers.
The old map shows a road that nobody in the village can remember.
Mixing bleach and ammonia releases a toxic gas; never use them together.
The strike ended after nine days with a raise of three percent and no winners.
It depends.
""".splitlines()

STRIDE = 37
"""Prime to the number of sentences: each is joined to another one, and none twice."""


def varied() -> list[str]:
    """Single words to paragraphs: 100 sentences, 50 of two of them, 25 of four and 25 of the first half of one."""
    count = len(SINGLE)
    pairs = [f"{SINGLE[n]} {SINGLE[(n + STRIDE) % count]}" for n in range(50)]
    longer = [" ".join(SINGLE[(n + step * STRIDE) % count] for step in range(4)) for n in range(50, 75)]
    halves = [SINGLE[n] for n in range(count) if len(SINGLE[n].split()) > 8][:25]
    shorter = [" ".join(text.split()[: len(text.split()) // 2]) for text in halves]
    return [*SINGLE, *pairs, *longer, *shorter]


OF_22_TOKENS = (
    "The ferry to the island leaves twice a day in winter and every hour in summer when tourists come."
)
"""With MiniLM's tokenizer, and its two marks."""
