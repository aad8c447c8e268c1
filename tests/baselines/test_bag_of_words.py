import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from cnncore.baselines.bag_of_words import Outcome, Stage, run
from cnncore.baselines.classifier import one_against_all
from cnncore.baselines.config import BagOfWordsConfig
from cnncore.baselines.dictionary import Sample, learn, sample
from cnncore.baselines.outcome import STAGES, Result
from cnncore.baselines.stored import load_model, results, save
from cnncore.errors import InputError
from cnncore.progress import Progress
from tests.baselines.conftest import CONFIG


def returned(generator):
    """Return what a stage returns, and how far it said it was."""
    seen = []
    while True:
        try:
            seen.append(next(generator))
        except StopIteration as end:
            return end.value, seen


def outcome(config):
    return next(event for event in run(config) if isinstance(event, Outcome))


@pytest.mark.parametrize("descriptor", ["gradients", "patches"])
def test_it_learns_and_its_parts_agree(striped, descriptor):
    events = list(run(replace(CONFIG, descriptor=descriptor)))
    assert [event.name for event in events if isinstance(event, Stage)] == list(STAGES)
    assert {event.stage for event in events if isinstance(event, Progress)} == set(STAGES)
    result, model = events[-1].result, events[-1].model
    assert (result.train_size, result.test_size) == (150, 60)
    assert result.test_right > 0.8 * 60  # guessing: 12
    assert result.train_right > 0.8 * 150
    # The model alone, without the stages, gives the same answers.
    answers = model.scores(model.features(model.assign(striped.test_images))).argmax(axis=1)
    assert (answers == striped.test_labels).sum() == result.test_right
    confusion = [[int(((striped.test_labels == i) & (answers == j)).sum()) for j in range(5)] for i in range(5)]
    assert [list(row) for row in result.confusion] == confusion
    # Learned numbers, counted in the arrays.
    assert result.dictionary == model.dictionary.vectors[1:].size
    assert result.classifier == model.classifier.weights.size + model.classifier.biases.size
    assert result.train_seconds == pytest.approx(sum(result.seconds.values()) - result.seconds["test"])


def test_it_does_not_learn_what_is_not_there(striped, monkeypatch):
    """The negative control: with the labels mixed up it is at chance."""
    mixed = replace(striped, train_labels=np.random.default_rng(0).permutation(striped.train_labels))
    monkeypatch.setattr("cnncore.baselines.bag_of_words.load", lambda _: mixed)
    assert outcome(CONFIG).result.test_right < 0.5 * 60


def test_the_seed_decides_everything(striped):
    first, again, other = outcome(CONFIG), outcome(CONFIG), outcome(replace(CONFIG, seed=1))
    assert (first.model.dictionary.vectors == again.model.dictionary.vectors).all()
    assert (first.model.classifier.weights == again.model.classifier.weights).all()
    assert first.result.confusion == again.result.confusion
    assert (first.model.dictionary.vectors != other.model.dictionary.vectors).any()


def test_patches_without_contrast_have_the_zero_word(striped):
    model = outcome(CONFIG).model
    assert not model.dictionary.vectors[0].any()
    plain = striped.test_images[striped.test_labels == 4]
    assert (model.assign(plain) == 0).all()
    assert (model.assign(striped.test_images[striped.test_labels != 4]) != 0).all()
    assert (np.diff(model.dictionary.counts[1:]) <= 0).all()


def test_the_data_can_be_cut_and_the_pyramid_adds_bins(striped):
    found = outcome(replace(CONFIG, train_size=50, test_size=20, pyramid=True))
    assert (found.result.train_size, found.result.test_size) == (50, 20)
    assert found.model.classifier.weights.shape == (5, 5 * 13)
    assert found.result.classifier == 5 * (5 * 13 + 1)


def test_clusters_that_are_there_are_found():
    rng = np.random.default_rng(0)
    centres = np.eye(4, 6, dtype=np.float32)
    vectors = np.repeat(centres, [400, 300, 200, 100], axis=0) + rng.normal(0, 0.02, (1000, 6)).astype(np.float32)
    vectors = np.concatenate([vectors, np.zeros((50, 6), np.float32)])
    pixels = np.repeat(np.array([10, 20, 30, 40, 50], np.uint8), [400, 300, 200, 100, 50])[:, None, None, None]
    dictionary, _ = returned(learn(Sample(vectors, pixels), replace(CONFIG, words=4)))
    np.testing.assert_allclose(dictionary.vectors, np.concatenate([np.zeros((1, 6)), centres]), atol=0.02)
    assert dictionary.counts.tolist() == [50, 400, 300, 200, 100]
    assert dictionary.pictures.ravel().tolist() == [50, 10, 20, 30, 40]


def test_more_words_than_patches_is_one_sentence(striped):
    with pytest.raises(InputError, match=r"`words` \(=3001\) must not exceed the [\d,]+ patches with contrast"):
        outcome(replace(CONFIG, words=3001))


def test_the_sample_is_of_the_images(striped):
    config = replace(CONFIG, stride=8)  # four patches an image
    found, seen = returned(sample(striped.train_images, config))
    assert seen[0] == Progress("descriptors", 0, 150)
    corners = [(y, x) for y in (0, 8) for x in (0, 8)]
    windows = {image[:, y : y + 8, x : x + 8].tobytes() for image in striped.train_images for y, x in corners}
    assert {patch.tobytes() for patch in found.pixels} <= windows
    assert len(found.pixels) > 0.8 * 600


def test_one_svm_a_class_is_what_scikit_learn_does_in_one_go():
    from sklearn.svm import LinearSVC

    rng = np.random.default_rng(0)
    labels = np.arange(90) % 3
    features = rng.normal(size=(90, 8)) + 2 * np.eye(3, 8)[labels]
    ours, _ = returned(one_against_all(sparse.csr_matrix(features), labels, 3, BagOfWordsConfig(c=0.5)))
    theirs = LinearSVC(C=0.5, random_state=0).fit(features, labels)
    np.testing.assert_allclose(ours.weights, theirs.coef_, atol=2e-3)
    np.testing.assert_allclose(ours.biases, theirs.intercept_, atol=2e-3)
    assert ours.unconverged == ()


def test_the_svm_is_at_the_minimum_of_its_objective():
    rng = np.random.default_rng(1)
    labels = np.arange(60) % 2
    features = rng.normal(size=(60, 4)) + labels[:, None]
    found, _ = returned(one_against_all(features, labels, 2, BagOfWordsConfig(c=0.3)))

    def loss(vector):
        y = np.where(labels == 1, 1, -1)
        slack = np.maximum(0, 1 - y * (features @ vector[:4] + vector[4]))
        return vector @ vector / 2 + 0.3 * (slack**2).sum()

    best = np.append(found.weights[1], found.biases[1]).astype(np.float64)
    for _ in range(200):
        assert loss(best) < loss(best + rng.normal(0, 0.05, 5))


def test_a_class_without_images_is_never_the_answer(striped):
    found = outcome(replace(CONFIG, train_size=3))  # three of five classes
    assert found.model.classifier.biases[3:].tolist() == [-1, -1]
    assert sum(row[3] + row[4] for row in found.result.confusion) == 0


def test_an_svm_that_has_not_settled_is_named(monkeypatch):
    monkeypatch.setattr("cnncore.baselines.classifier.ITERATIONS", 1)
    rng = np.random.default_rng(0)
    features, labels = rng.normal(size=(40, 60)), np.arange(40) % 3
    found, _ = returned(one_against_all(features, labels, 3, BagOfWordsConfig(c=100.0)))
    assert found.unconverged == (0, 1, 2)


def test_what_is_kept_comes_back(striped, app_home):
    first = outcome(CONFIG)
    save(first.result, first.model)
    save(*(lambda found: (found.result, found.model))(outcome(replace(CONFIG, words=6))))
    assert [result.config.words for result in results("stripes")] == [6, 12]
    assert results("builtin") == []
    assert results()[1] == first.result == Result.from_dict(json.loads(json.dumps(first.result.to_dict())))
    again = load_model(first.result)
    assert (again.dictionary.pictures == first.model.dictionary.pictures).all()
    features = again.features(again.assign(striped.test_images))
    assert (again.scores(features).argmax(axis=1) == striped.test_labels).sum() == first.result.test_right
    (app_home / "baselines" / "stripes-bad.json").write_text("{}")
    assert len(results()) == 2
    (app_home / "baselines" / f"{first.result.config.key}.npz").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="run it again"):
        load_model(first.result)
