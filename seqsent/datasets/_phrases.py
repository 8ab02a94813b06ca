"""Sentence templates of ``make_reviews`` and the words that fill them."""

from typing import NamedTuple

# Negative, neutral, positive. No template has "a" or "an" before an opinion, so that two opinions
# can be swapped without a change to other words.
OPINIONS = (
    ("bad", "awful", "dreadful", "terrible", "poor", "dull", "horrible", "disappointing"),
    ("average", "ordinary", "passable", "middling", "adequate", "fair", "mediocre", "tolerable"),
    ("good", "great", "wonderful", "excellent", "superb", "delightful", "lovely", "brilliant"),
)

# In these and the next templates the deciding word is the last one: its distance from the end of
# the review is known.
PLAIN = (
    "{subject} was {win}.",
    "I found {subject} {win}.",
    "to me {subject} is {win}.",
    "{subject} turned out {win}.",
    "we all agreed that {subject} was {win}.",
)

# Two opinions of different classes, of which {win} determines the label.
LAST_DECIDES = (
    "{subject} was {lose} at first, but in the end it was {win}.",
    "although the {aspect} was {lose}, {subject} as a whole was {win}.",
    "the {aspect} was {lose}, but {subject} itself was {win}.",
    "instead of something {lose}, {subject} gave us something {win}.",
    "my friends called {subject} {lose}, yet I found it {win}.",
    "{subject} was not {lose}, it was {win}.",
    "{subject} was not {lose} at all, but from beginning to end {win}.",
    "where I expected something {lose}, {subject} was {win}.",
    "{subject} is anything but {lose}, it is {win}.",
    "we were told that {subject} was {lose}, only to find it {win}.",
    "I used to think {subject} was {lose}, now I know that it is {win}.",
    "it may look {lose} from outside, but {subject} is {win}.",
    "far from being {lose}, {subject} was {win}.",
    "to me {subject} seemed less {lose} than {win}.",
    "where others saw something {lose}, I found {subject} {win}.",
)
FIRST_DECIDES = (
    "{subject} was {win}, not {lose} at all.",
    "{subject} was {win}, not {lose} as the {aspect} had made me fear.",
    "I would call {subject} {win} rather than {lose}.",
    "{subject} was {win}, whatever people say about it being {lose}.",
    "{subject} turned out {win}, though the {aspect} was {lose}.",
    "{subject} was {win}, even if it seemed {lose} at first.",
    "{subject} is far more {win} than {lose}.",
    "{subject} is {win}, never {lose}.",
    "I found {subject} {win} instead of {lose}.",
)

# Pairs of a negative and a positive review with the same words and "not" at two positions. The
# pairs use good and bad words, so that a single word does not determine the label.
NEGATIONS = (
    (
        "{subject} was not {good} and a waste of {resource}.",
        "{subject} was {good} and not a waste of {resource}.",
    ),
    (
        "{subject} was {bad} and not worth the {resource}.",
        "{subject} was not {bad} and worth the {resource}.",
    ),
    (
        "{subject} was not {good}, and I did want it to be over.",
        "{subject} was {good}, and I did not want it to be over.",
    ),
    (
        "I would not come back to {subject}, it was {bad}.",
        "I would come back to {subject}, it was not {bad}.",
    ),
    (
        "I do not recommend {subject}, because the {aspect} is {bad}.",
        "I do recommend {subject}, because the {aspect} is not {bad}.",
    ),
    (
        "{subject} was not {good}, I do regret that {resource}.",
        "{subject} was {good}, I do not regret that {resource}.",
    ),
)

# Opinions about other subjects, which do not affect the label.
DISTRACTORS = (
    "{person}'s {object} was {opinion}.",
    "the trailer before it was {opinion}.",
    "last week's {event} was {opinion}.",
    "{person} found the new {object} {opinion}.",
    "the weather on that {day} was {opinion}.",
    "the {vehicle} home was {opinion}, but that is another story.",
    "the {event} next door was said to be {opinion}.",
    "{person} told us that the {event} in {town} was {opinion}.",
    "a {object} that {person} had bought was {opinion}.",
)

NEUTRAL = (
    "we went on a {day} in {month}.",
    "{person} had ordered everything on {day}.",
    "{person} came with me.",
    "it took us about {number} minutes to get there by {vehicle}.",
    "this was in {month}, if I remember it rightly.",
    "there were {number} people in the room when we came in.",
    "I am writing this on the {vehicle} to {town}.",
    "{person} sat on my left and read a newspaper.",
    "I first heard of it from {person}.",
    "there is a {event} around the corner.",
    "afterwards we walked along the river to the {vehicle}.",
    "{person} lives in {town} and comes here twice a year.",
    "we paid {number} dollars for the two of us.",
    "it was raining in {town} and we had left the {object} at home.",
    "on the way back {person} told us about the {event}.",
    "in {month} there will be another one in {town}.",
    "I wrote some of this down on {day}.",
    "the people behind us were from {town}.",
    "the lights went down at a quarter past {number}.",
    "we had a table next to the door.",
    "{person} has a {object} in the same colour.",
    "the programme said that it would last {number} hours.",
    "{person} works at the {event} in {town}.",
    "we had come by {vehicle} and went home on foot.",
    "nobody told me that {person} would be there.",
    "from the window one could see the {vehicle} to {town}.",
    "they open at {number} and close late on {day}.",
)

# Sentences of one, two, three and four words, which extend a text to an exact length.
CLOSINGS = (
    ("anyway.", "cheers.", "regards.", "finis."),
    ("that's all.", "until {month}.", "see you.", "off now."),
    ("more next {day}.", "back to work.", "written in {town}.", "over to you."),
    (
        "so much for {month}.",
        "that was in {town}.",
        "more on that later.",
        "greetings to all there.",
    ),
)

WORDS = {
    "person": (
        "my neighbour", "my sister", "my brother", "a colleague", "my aunt", "our teacher",
        "my cousin", "an old friend", "my father", "the lady upstairs",
    ),
    "object": ("book", "camera", "raincoat", "map", "guitar", "notebook", "suitcase", "bicycle"),
    "event": ("concert", "lecture", "market", "puppet show", "quiz", "parade", "match"),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "month": ("January", "March", "April", "May", "June", "August", "October", "November"),
    "vehicle": ("bus", "train", "tram", "ferry", "taxi", "car"),
    "town": ("Leeds", "Bristol", "York", "Oxford", "Dover", "Bath", "Lincoln", "Durham"),
    "number": ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    "resource": ("time", "money", "evening", "effort"),
}  # fmt: skip


class Domain(NamedTuple):
    """Subjects of a review and their aspects."""

    subjects: tuple[str, ...]
    aspects: tuple[str, ...]


DOMAINS = (
    Domain(
        ("the film", "this movie", "the thriller", "this comedy", "the documentary"),
        ("acting", "plot", "soundtrack", "dialogue", "camera work", "casting"),
    ),
    Domain(
        ("the book", "this novel", "the biography", "this story", "the sequel"),
        ("prose", "plot", "translation", "dialogue", "first chapter", "cover"),
    ),
    Domain(
        ("the restaurant", "this cafe", "the dinner", "this bistro", "the pizzeria"),
        ("soup", "service", "dessert", "wine", "bread", "music"),
    ),
    Domain(
        ("the hotel", "this hostel", "the guest house", "this inn", "the resort"),
        ("breakfast", "bathroom", "reception", "view", "pool", "carpet"),
    ),
)
