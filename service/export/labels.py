"""The words that an export adds to a book, in the book's own language where they are known."""

# ruff: noqa: RUF001 - letters of other alphabets are meant

from typing import Final

from msgspec import Struct


class Labels(Struct, frozen=True):
    """The words of one language; ``{}`` stands for what belongs there."""

    contents: str
    cover: str
    title_page: str
    chapter: str
    key_points: str
    takeaways: str
    analogy: str
    example: str
    explanation: str
    questions: str
    answers: str
    answer: str
    question: str
    source: str
    minutes: str
    audience: str
    edition: str


LABELS: Final = {
    "en": Labels(
        *("Contents", "Cover", "Title page", "Chapter {}", "Key points", "What to take away"),
        *("Analogy", "Example", "Explanation", "Questions", "Answers", "Answer", "Question {}"),
        *("Source: {}", "{} min", "For {}", "Edition of {}"),
    ),
    "de": Labels(
        *("Inhalt", "Umschlag", "Titelseite", "Kapitel {}", "Das Wichtigste", "Zum Mitnehmen"),
        *("Vergleich", "Beispiel", "Erklärung", "Fragen", "Antworten", "Antwort", "Frage {}"),
        *("Quelle: {}", "{} Min.", "Für: {}", "Ausgabe vom {}"),
    ),
    "fr": Labels(
        *("Sommaire", "Couverture", "Page de titre", "Chapitre {}", "Points clés", "À retenir"),
        *("Analogie", "Exemple", "Explication", "Questions", "Réponses", "Réponse", "Question {}"),
        *("Source : {}", "{} min", "Public : {}", "Édition du {}"),
    ),
    "es": Labels(
        *("Índice", "Cubierta", "Portada", "Capítulo {}", "Puntos clave", "Para recordar"),
        *("Analogía", "Ejemplo", "Explicación", "Preguntas", "Respuestas", "Respuesta"),
        *("Pregunta {}", "Fuente: {}", "{} min", "Para: {}", "Edición del {}"),
    ),
    "it": Labels(
        *("Indice", "Copertina", "Frontespizio", "Capitolo {}", "Punti chiave", "Da ricordare"),
        *("Analogia", "Esempio", "Spiegazione", "Domande", "Risposte", "Risposta", "Domanda {}"),
        *("Fonte: {}", "{} min", "Per: {}", "Edizione del {}"),
    ),
    "pt": Labels(
        *("Sumário", "Capa", "Folha de rosto", "Capítulo {}", "Pontos-chave", "Para lembrar"),
        *("Analogia", "Exemplo", "Explicação", "Perguntas", "Respostas", "Resposta"),
        *("Pergunta {}", "Fonte: {}", "{} min", "Para: {}", "Edição de {}"),
    ),
    "nl": Labels(
        *("Inhoud", "Omslag", "Titelpagina", "Hoofdstuk {}", "Kernpunten", "Om te onthouden"),
        *("Vergelijking", "Voorbeeld", "Uitleg", "Vragen", "Antwoorden", "Antwoord", "Vraag {}"),
        *("Bron: {}", "{} min", "Voor: {}", "Uitgave van {}"),
    ),
    "ru": Labels(
        *("Содержание", "Обложка", "Титульный лист", "Глава {}", "Главное", "Что запомнить"),
        *("Аналогия", "Пример", "Пояснение", "Вопросы", "Ответы", "Ответ", "Вопрос {}"),
        *("Источник: {}", "{} мин", "Для кого: {}", "Издание от {}"),
    ),
    "ar": Labels(
        *("المحتويات", "الغلاف", "صفحة العنوان", "الفصل {}", "النقاط الرئيسية", "الخلاصة"),
        *("تشبيه", "مثال", "شرح", "أسئلة", "الإجابات", "الإجابة", "السؤال {}"),
        *("المصدر: {}", "{} د", "موجه إلى: {}", "إصدار {}"),
    ),
    "he": Labels(
        *("תוכן העניינים", "כריכה", "עמוד השער", "פרק {}", "נקודות עיקריות", "לסיכום"),
        *("אנלוגיה", "דוגמה", "הסבר", "שאלות", "תשובות", "תשובה", "שאלה {}"),
        *("מקור: {}", "{} דק׳", "קהל יעד: {}", "מהדורה מיום {}"),
    ),
    "fa": Labels(
        *("فهرست", "جلد", "صفحهٔ عنوان", "فصل {}", "نکته‌های کلیدی", "جمع‌بندی"),
        *("تشبیه", "مثال", "توضیح", "پرسش‌ها", "پاسخ‌ها", "پاسخ", "پرسش {}"),
        *("منبع: {}", "{} دقیقه", "مخاطب: {}", "نسخهٔ {}"),
    ),
    "zh": Labels(
        *("目录", "封面", "扉页", "第{}章", "要点", "小结", "类比", "例子", "解释"),
        *(
            "练习题",
            "答案",
            "答案",
            "第{}题",
            "来源：{}",
            "{} 分钟",
            "适用对象：{}",
            "版本日期：{}",
        ),
    ),
    "ja": Labels(
        *("目次", "表紙", "扉", "第{}章", "要点", "まとめ", "たとえ", "例", "解説"),
        *("問題", "解答", "解答", "問{}", "出典：{}", "{}分", "対象：{}", "発行日：{}"),
    ),
}


def of(language: str) -> Labels:
    """Return the words of a language; English ones where we do not know them."""
    return LABELS.get(language.lower().partition("-")[0], LABELS["en"])
