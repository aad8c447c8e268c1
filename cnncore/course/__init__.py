"""The practical's 34 questions as data: text, worked answer, common mistake, and the page that answers it."""

from cnncore.course.questions import QUESTIONS, Question, questions_for

__all__ = ["QUESTIONS", "Question", "questions_for"]
