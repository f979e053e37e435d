from craft_desktop.model.checkup import NAMES
from craft_desktop.model.report import Grade
from craft_desktop.model.symptoms import SYMPTOMS


def test_every_symptom_is_told_apart_and_has_a_remedy() -> None:
    ids = [symptom.id for symptom in SYMPTOMS]
    assert len({*ids, *NAMES}) == len(ids) + len(NAMES)
    for symptom in SYMPTOMS:
        assert symptom.patterns and symptom.told.endswith(".") and symptom.remedy.endswith(".")
        assert symptom.grade in (Grade.BAD, Grade.LIMITED) and symptom.name[0].isupper()
