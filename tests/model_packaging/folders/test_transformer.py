"""Hugging Face folders as model folders: tiny models with random weights, and the same answers out of the host."""

import json
import shutil

import numpy as np
import pytest
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from model_packaging.errors import InvalidModel
from model_packaging.folders import from_hugging_face

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "my",
    "card",
    "was",
    "charged",
    "twice",
    "the",
    "invoice",
    "is",
    "wrong",
]
TEXTS = [
    "my card was charged twice",
    "the invoice",
    "is",
    "the the the wrong wrong card is my invoice twice twice",
]
SIZES = {
    "vocab_size": len(WORDS),
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 24,
    "pad_token_id": 0,
}
LABELS = {
    "id2label": {0: "billing", 1: "technical", 2: "other"},
    "label2id": {"billing": 0, "technical": 1, "other": 2},
}


def tokenizer():
    """Words as they are, between [CLS] and [SEP]."""
    made = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    return made


def saved(folder, kind, config):
    """A model of the class with random weights, the same every time, saved with its tokenizer; the model."""
    torch.manual_seed(4)
    model = kind(config).eval()
    model.save_pretrained(str(folder))
    tokenizer().save(str(folder / "tokenizer.json"))
    return model


def outputs(model, text):
    """The original's first output for one text."""
    with torch.inference_mode():
        return model(torch.tensor([tokenizer().encode(text).ids]))[0][0].numpy()


def softmax(logits):
    likely = np.exp(logits - logits.max())
    return likely / likely.sum()


DRILL = pytest.mark.drill
"""An export takes up to 12 s; one of each kind is in every run."""

BERT = transformers.BertConfig(**SIZES, **LABELS)
DISTIL = transformers.DistilBertConfig(
    vocab_size=len(WORDS), dim=16, n_layers=1, n_heads=2, hidden_dim=32, max_position_embeddings=24, **LABELS
)
ROBERTA = transformers.RobertaConfig(**{**SIZES, "pad_token_id": 0}, **LABELS)


@pytest.mark.parametrize(
    "kind, config",
    [
        pytest.param(transformers.BertForSequenceClassification, BERT, id="bert"),
        pytest.param(transformers.DistilBertForSequenceClassification, DISTIL, id="distilbert", marks=DRILL),
        pytest.param(transformers.RobertaForSequenceClassification, ROBERTA, id="roberta", marks=DRILL),
    ],
)
def test_a_classifier_gives_the_likeliest_label(tmp_path, host, kind, config):
    (tmp_path / "saved").mkdir()
    original = saved(tmp_path / "saved", kind, config)
    ask = host(from_hugging_face(tmp_path / "saved", tmp_path / "tickets"))
    likely = [softmax(outputs(original, text)) for text in TEXTS]
    answers = ask({"texts": TEXTS})
    assert [answer["label"] for answer in answers] == [
        LABELS["id2label"][int(one.argmax())] for one in likely
    ]
    np.testing.assert_allclose([one["score"] for one in answers], [one.max() for one in likely], atol=1e-4)
    for answer, other in zip(ask(*({"text": text} for text in TEXTS)), answers, strict=True):
        assert answer["label"] == other["label"] and answer["score"] == pytest.approx(
            other["score"], abs=1e-4
        )
    assert ask({"text": " ".join(["card"] * 500)})["label"]  # what comes after the last position is not read


@DRILL
def test_several_labels_and_a_number_are_tasks_of_their_own(tmp_path, host):
    for name, config in (
        ("several", transformers.BertConfig(**SIZES, **LABELS, problem_type="multi_label_classification")),
        ("number", transformers.BertConfig(**SIZES, num_labels=1)),
    ):
        (tmp_path / name).mkdir()
        original = saved(tmp_path / name, transformers.BertForSequenceClassification, config)
        answer = host(from_hugging_face(tmp_path / name, tmp_path / f"{name}-model"))({"text": TEXTS[0]})
        logits = outputs(original, TEXTS[0])
        if name == "number":
            assert answer == {"score": pytest.approx(float(logits[0]), abs=1e-4)}
        else:
            likely = 1 / (1 + np.exp(-logits))
            assert answer["labels"] == {
                label: pytest.approx(float(one), abs=1e-4)
                for label, one in zip(LABELS["label2id"], likely, strict=True)
            }


@pytest.mark.parametrize("mode", ["mean", pytest.param("cls", marks=DRILL)])
def test_an_encoder_gives_vectors_as_it_says_that_it_pools(tmp_path, host, mode):
    folder = tmp_path / "saved"
    (folder / "1_Pooling").mkdir(parents=True)
    original = saved(folder, transformers.BertModel, BERT)
    if mode == "cls":
        pooling = {
            "word_embedding_dimension": 16,
            "pooling_mode_cls_token": True,
            "pooling_mode_mean_tokens": False,
        }
        (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
        (folder / "modules.json").write_text(json.dumps([{"type": "sentence_transformers.models.Normalize"}]))
        (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 20}')
    answers = host(from_hugging_face(folder, tmp_path / "vectors"))({"texts": TEXTS})
    for answer, text in zip(answers, TEXTS, strict=True):
        hidden = outputs(original, text)
        vector = hidden.mean(axis=0) if mode == "mean" else hidden[0] / np.linalg.norm(hidden[0])
        np.testing.assert_allclose(answer["embedding"], vector, atol=1e-4)
    told = json.loads((tmp_path / "vectors" / "task.json").read_text())
    assert told["max_tokens"] == (24 if mode == "mean" else 20)


@DRILL
def test_an_encoder_saved_without_its_pooler_is_the_same_model_each_time(tmp_path):
    folder = tmp_path / "saved"
    folder.mkdir()
    saved(folder, lambda config: transformers.BertModel(config, add_pooling_layer=False), BERT)
    for name in ("a", "b"):
        from_hugging_face(folder, tmp_path / name / "vectors")
    graphs = {(tmp_path / name / "vectors" / "model.onnx").read_bytes() for name in ("a", "b")}
    assert len(graphs) == 1


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    saved(folder, transformers.BertModel, BERT)
    return folder


def altered(folder, target, **changes):
    """A copy of a saved folder with other values in its config.json."""
    target.mkdir()
    for file in folder.iterdir():
        (target / file.name).write_bytes(file.read_bytes())
    config = json.loads((target / "config.json").read_text())
    (target / "config.json").write_text(json.dumps({**config, **changes}))
    return target


def test_what_is_no_classifier_and_no_encoder_is_refused(tmp_path, encoder):
    folder = altered(encoder, tmp_path / "other", architectures=["BertForMaskedLM"])
    with pytest.raises(
        InvalidModel, match=r"holds a BertForMaskedLM, and a handler is known for \.\.\.ForSeq"
    ):
        from_hugging_face(folder, tmp_path / "model")


def test_weights_that_would_be_made_up_are_refused(tmp_path, encoder):
    folder = altered(encoder, tmp_path / "other", architectures=["BertForSequenceClassification"])
    with pytest.raises(
        InvalidModel, match=r"lacks classifier\.bias, which a BertForSequenceClassification has"
    ):
        from_hugging_face(folder, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_class_that_takes_other_inputs_is_refused(tmp_path):
    (tmp_path / "gpt").mkdir()
    config = transformers.GPT2Config(vocab_size=13, n_embd=16, n_layer=1, n_head=2, n_positions=24)
    saved(tmp_path / "gpt", transformers.GPT2Model, config)
    with pytest.raises(
        InvalidModel, match=r"'GPT2Model', which takes input_ids, .* first, and not input_ids, attention"
    ):
        from_hugging_face(tmp_path / "gpt", tmp_path / "model")


def test_a_folder_without_a_tokenizer_is_told_how_to_get_one(tmp_path, encoder):
    folder = altered(encoder, tmp_path / "other")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(InvalidModel, match=r"has no tokenizer\.json; write it: AutoTokenizer"):
        from_hugging_face(folder, tmp_path / "model")


def test_pooling_that_is_not_known_is_refused(tmp_path, encoder):
    folder = altered(encoder, tmp_path / "other")
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_max_tokens": true}')
    with pytest.raises(InvalidModel, match="pools by pooling_mode_max_tokens"):
        from_hugging_face(folder, tmp_path / "model")


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A saved classifier, to be damaged in a copy."""
    folder = tmp_path_factory.mktemp("whole") / "bert"
    folder.mkdir()
    saved(folder, transformers.BertForSequenceClassification, BERT)
    return folder


def with_config(**changes):
    return lambda content: json.dumps(json.loads(content) | changes).encode()


@pytest.mark.parametrize(
    "name, change, told",
    [
        ("model.safetensors", lambda _: POINTER, "is a pointer of Git LFS.*run 'git lfs pull'"),
        ("tokenizer.json", lambda _: POINTER, "tokenizer.json is a pointer of Git LFS"),
        ("model.safetensors", lambda _: b"", "is no whole safetensors file .*header too small"),
        ("model.safetensors", lambda content: content[:-9], "is no whole safetensors file"),
        ("model.safetensors", lambda _: b"<!doctype html><html>", "is no whole safetensors file"),
        ("tokenizer.json", lambda content: content[:-9], "tokenizer.json cannot be read"),
        ("tokenizer.json", lambda _: b'{"model": 3}', "tokenizer.json is no tokenizer"),
        ("tokenizer.json", lambda _: b"[3]", "tokenizer.json holds a list where a dict belongs"),
        ("config.json", with_config(hidden_size=32), r"does not fit model.safetensors: \S+ has the shape \("),
        ("config.json", with_config(hidden_act="nope"), "makes no BertForSequenceClassification .*nope"),
        ("config.json", with_config(hidden_size="a"), "makes no BertForSequenceClassification .*hidden_size"),
        ("config.json", with_config(max_position_embeddings="a"), "max_position_embeddings 'a'; write"),
        ("config.json", with_config(id2label={"a": "b"}), "an id2label that is no object of numbers"),
        ("config.json", with_config(architectures={"a": 3}), "holds a none, and a handler is known for"),
    ],
)
def test_a_damaged_folder_is_told_in_one_line_that_names_the_file(tmp_path, whole, capfd, name, change, told):
    folder = shutil.copytree(whole, tmp_path / "saved")
    (folder / name).write_bytes(change((folder / name).read_bytes()))
    with pytest.raises(InvalidModel, match=told) as raised:
        from_hugging_face(folder, tmp_path / "made")
    said = str(raised.value)
    assert "\n" not in said and str(folder) in said and not (tmp_path / "made").exists()
    assert capfd.readouterr().err == ""  # no bars and no reports of transformers


def test_weights_of_nan_are_refused(tmp_path, whole):
    model = transformers.BertForSequenceClassification.from_pretrained(str(whole))
    with torch.no_grad():
        model.classifier.weight[0, 0] = float("nan")
    folder = shutil.copytree(whole, tmp_path / "saved")
    model.save_pretrained(str(folder))
    with pytest.raises(InvalidModel, match="answers NaN to the example"):
        from_hugging_face(str(folder), str(tmp_path / "made"))
