"""Texts as they are written on the web: HTML, addresses and emoticons."""

import html
import re

# the semicolon is required, because html.unescape reads "good&not bad" as "good¬ bad"; &amp; can
# hide an entity that was escaped twice
_ENTITY = re.compile(r"&(?:amp;)*(#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z][a-zA-Z\d]{1,31});")
# a name alone or with attributes: "a <b and c> d" contains no tag
_TAG = re.compile(r"<(?:/?[a-zA-Z][a-zA-Z\d]*+\s*+/?|[a-zA-Z][a-zA-Z\d]*+\s[^<>=]*+=[^<>]*+)>")
_URL = re.compile(r"(?<![a-zA-Z\d])https?://[a-zA-Z\d][!#-;=?-~]+")
# eyes, nose and mouth. A letter or a sign is a mouth only apart from words, and not in "://".
_FACES = {
    eyes: re.compile(
        rf"{eyes}(?:[-'^]?([)(])\1*+(?!\w)|(?<!\w{eyes})[-'^]?([DdPpOo/\\|*])(?![\w/\\|*]))"
    )
    for eyes in ":;="
}
_MOUTHS = {")": "🙂", "(": "🙁", "d": "😀", "p": "😛", "o": "😮", "*": "😘", "|": "😐"}
_HEART = re.compile(r"<(/?)3+(?!\w)")
_JOY = re.compile(r"\^[._o-]?\^")


def clean_web_text(text: str) -> str:
    """Decode HTML entities, remove tags, and replace addresses and emoticons by emoji."""
    if "&" in text:
        text = _ENTITY.sub(lambda entity: html.unescape(f"&{entity[1]};"), text)
    if "<" in text:
        text = _TAG.sub(" ", text)
        if "<" in text:
            text = _HEART.sub(lambda heart: "💔" if heart[1] else "❤", text)
    if ":" in text and "://" in text:
        text = _URL.sub("🔗", text)
    for eyes, face in _FACES.items():
        if eyes in text:
            text = face.sub(_emoji, text)
    if "^" in text:
        text = _JOY.sub("😊", text)
    return text


def _emoji(face: re.Match[str]) -> str:
    mouth = (face[1] or face[2]).lower()
    if mouth == ")" and face[0][0] == ";":
        return "😉"
    return _MOUTHS.get(mouth, "😕")
