"""The rules that a pack can ask for in `[[rule]]`, by the name of their function."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from schemas.rules.circulars import (
    awards,
    completion,
    exemption,
    primary,
    primary_promotion,
    promotion,
    secondary_marks,
    study,
    subjects,
    summer,
)
from schemas.rules.circulars.hit import Check
from schemas.rules.circulars.pack_table import PackTable

Factory = Callable[[PackTable, PackTable], Check]
"""Sets a rule up from its own table and its pack's."""

_FACTORIES: Final[tuple[Factory, ...]] = (
    awards.award_excellent,
    awards.award_given,
    awards.award_good,
    completion.completed_in_last_grade,
    completion.completed_without_promotion,
    completion.completion_stated,
    exemption.exempt_test_has_no_mark,
    exemption.exemption_is_whole,
    exemption.not_assessed_without_results,
    exemption.subject_can_be_exempt,
    primary.achievement_fits_test,
    primary.achievement_present,
    primary.known_result,
    primary.later_traits_absent,
    primary.later_traits_present,
    primary.primary_award_excellent,
    primary.primary_award_exemplary,
    primary.primary_award_given,
    primary.result_of_year,
    primary.test_mark_present,
    primary.test_of_tested_subject,
    primary.whole_test_mark,
    primary_promotion.completed_and_promoted,
    primary_promotion.grade_completed_by_result,
    primary_promotion.last_grade_completes_level,
    primary_promotion.level_completed_by_grade,
    primary_promotion.level_completed_early,
    primary_promotion.promoted_though_incomplete,
    primary_promotion.result_completes_grade,
    promotion.kept_down_without_reason,
    promotion.promoted_despite_absences,
    promotion.promoted_without_conduct,
    promotion.promoted_without_study,
    secondary_marks.average_of_year,
    secondary_marks.comment_of_year,
    secondary_marks.mark_form,
    secondary_marks.mark_kind,
    secondary_marks.result_present,
    study.conduct_of_year,
    study.study_exception,
    study.study_level,
    subjects.compulsory_subjects,
    subjects.elective_count,
    subjects.subject_of_grade,
    subjects.whole_and_part,
    summer.level_after_retest_needed,
    summer.retest_needed,
    summer.retest_of_weak_subject,
    summer.study_after_retest,
    summer.training_described,
    summer.training_needed,
)

FACTORIES: Final[Mapping[str, Factory]] = MappingProxyType(
    {each.__name__: each for each in _FACTORIES}
)
