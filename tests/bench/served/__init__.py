"""What the servers of tests/bench/serving.py run: one model, one question, one answer, on three sides.

`inference` is ours and BentoML's model, `bento` and `guide` are the peers' servers, which run in an environment of their
own (.venv/peers, from tests/bench/peers.txt). All of them take one sentence and answer with a label and a score.
"""
