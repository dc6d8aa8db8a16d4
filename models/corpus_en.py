"""Invented English sentences with pronouns and verbs that agree with their subject."""

from __future__ import annotations

import random

from models.sentence import Sentence, listed

PEOPLE = {
    "she": (
        "mary anna emma lucy alice sarah julia kate|the girl|the woman|the queen|my mother|"
        "my sister|her aunt|the actress|the princess|his wife|our daughter"
    ),
    "he": (
        "john tom peter david james mark paul sam|the boy|the man|the king|my father|"
        "my brother|his uncle|the actor|the prince|her husband|our son"
    ),
}
ANIMALS = listed("cat dog horse bird fish mouse cow lion bear fox animal robot")
THINGS = listed(
    "book key letter phone bag car house door table chair picture song ball cup box "
    "bottle computer model sentence word question answer paper city river street tree "
    "garden"
)
PLURALS = {"mouse": "mice", "fish": "fish", "fox": "foxes", "box": "boxes", "city": "cities"}
NEEDS = {
    "she": ("she", "her", "her"),
    "he": ("he", "his", "him"),
    "it": ("it", "its", "it"),
    "they": ("they", "their", "them"),
}
MEETS = listed("called saw met helped asked heard knew followed thanked left watched liked")
STATES = listed(
    "tired hungry late ill happy sad angry afraid busy old young small big strong slow "
    "new good bad ready alone cold warm"
)
JOINS = listed("because when before after while although until")
SAYS = listed("said thought knew hoped believed felt wrote")
DOES = (
    "wanted to sleep|needed a rest|had lost a key|could not wait|liked the music|came home|"
    "went to school|had to work|would come back tomorrow|was not there|knew the answer|"
    "did not want to go|had no time|saw a light|made a mistake|should eat something"
)
LOSES = listed("lost found opened closed took sold read wrote bought forgot kept broke cleaned")
PLACES = (
    "near the river|in the garden|at the station|on the table|in the city|at home|at school|"
    "in the old house|by the sea|under the tree|in the kitchen|on the street|behind the door"
)
WHEN = "yesterday|today|last night|this morning|every day|again|on monday|a year ago|in winter"
ADJECTIVES = listed("old new small big red green black white good long short young beautiful quiet")
ACTS = {  # singular to plural
    "runs": "run",
    "sleeps": "sleep",
    "eats": "eat",
    "sings": "sing",
    "falls": "fall",
    "moves": "move",
    "waits": "wait",
    "is": "are",
    "was": "were",
    "has": "have",
    "looks": "look",
    "comes": "come",
    "needs": "need",
}
AFTER = {
    "is": STATES,
    "are": STATES,
    "was": STATES,
    "were": STATES,
    "looks": STATES,
    "look": STATES,
    "has": ["a name", "no name", "two doors", "a problem"],
    "have": ["a name", "no name", "two doors", "a problem"],
    "needs": ["water", "help", "time", "a key"],
    "need": ["water", "help", "time", "a key"],
}
PLAIN = (
    "i think that you are right|we do not know what this means|can you help me with my work|"
    "there is some bread and milk|what is the weather like today|thank you very much|"
    "how does attention work|each query looks at all keys|the weights of a row sum to one|"
    "i love you and you love me|who is it|do you like tea or coffee|one two three four five|"
    "hello my name is not important|a transformer reads the whole sentence at once|"
    "please open the window|why is the sky blue|i have never seen this before|"
    "all you need is attention|where there is a will there is a way|some of them are still here"
)


def plural(noun: str) -> str:
    """A noun's plural."""
    return PLURALS.get(noun, noun + "s")


def _pick(rng: random.Random, choices: str) -> list[str]:
    return rng.choice(choices.split("|")).split()


def _subject(sentence: Sentence, rng: random.Random) -> tuple[str, tuple[int, ...]]:
    """A subject; its pronoun and where its head noun stands."""
    kind = rng.choice(("she", "she", "he", "he", "it", "they"))
    if kind in PEOPLE:
        names, *phrases = PEOPLE[kind].split("|")
        words = [rng.choice(names.split())] if rng.random() < 0.5 else rng.choice(phrases).split()
    else:
        noun = rng.choice(ANIMALS + THINGS[:8])
        words = ["the", *([rng.choice(ADJECTIVES)] if rng.random() < 0.3 else [])]
        words += [noun if kind == "it" else plural(noun)]
    return kind, sentence.add(*words)[-1:]


def _object(sentence: Sentence, rng: random.Random) -> None:
    """Somebody or something else, of any gender: no help in guessing the pronoun."""
    if rng.random() < 0.6:
        names, *phrases = PEOPLE[rng.choice(("she", "he"))].split("|")
        words = [rng.choice(names.split())] if rng.random() < 0.6 else rng.choice(phrases).split()
        sentence.add(*words)
    else:
        noun = rng.choice(ANIMALS + THINGS)
        sentence.add(rng.choice(("the", "a", "the")), rng.choice((noun, plural(noun))))


def _reason(sentence: Sentence, rng: random.Random) -> None:
    """mary called tom because she was tired"""
    kind, subject = _subject(sentence, rng)
    sentence.add(rng.choice(MEETS))
    _object(sentence, rng)
    sentence.add(rng.choice(JOINS))
    pronoun = sentence.add(NEEDS[kind][0])
    sentence.tie("pronoun", pronoun, subject)
    if rng.random() < 0.6:
        sentence.add("were" if kind == "they" else "was")
        sentence.add(*(["too"] if rng.random() < 0.3 else []), rng.choice(STATES))
    else:
        sentence.add(*_pick(rng, DOES.replace("was not there|", "")))


def _says(sentence: Sentence, rng: random.Random) -> None:
    """the king said that he wanted to sleep"""
    kind, subject = _subject(sentence, rng)
    sentence.add(rng.choice(SAYS), *(["that"] if rng.random() < 0.7 else []))
    pronoun = sentence.add(NEEDS[kind][0])
    sentence.tie("pronoun", pronoun, subject)
    sentence.add(*_pick(rng, DOES.replace("was not there|", "")))


def _owns(sentence: Sentence, rng: random.Random) -> None:
    """john lost his key near the river"""
    kind, subject = _subject(sentence, rng)
    sentence.add(rng.choice(LOSES))
    owner = sentence.add(NEEDS[kind][1])
    sentence.tie("pronoun", owner, subject)
    sentence.add(*([rng.choice(ADJECTIVES)] if rng.random() < 0.4 else []), rng.choice(THINGS))
    sentence.add(*_pick(rng, PLACES if rng.random() < 0.6 else WHEN))


def _agrees(sentence: Sentence, rng: random.Random) -> None:
    """the cats near the old tree sleep; the noun between says nothing about the verb"""
    many = rng.random() < 0.5
    noun = rng.choice(ANIMALS + THINGS)
    sentence.add(rng.choice(("the", "the", "my", "our")))
    sentence.add(*([rng.choice(ADJECTIVES)] if rng.random() < 0.4 else []))
    subject = sentence.add(plural(noun) if many else noun)
    if rng.random() < 0.7:
        between = rng.choice(THINGS)
        sentence.add(rng.choice(("near", "with", "behind", "beside", "under")), "the")
        sentence.add(plural(between) if rng.random() < 0.5 else between)
    single = rng.choice(list(ACTS))
    verb = ACTS[single] if many else single
    where = sentence.add(verb)
    sentence.tie("verb", where, subject)
    tail = rng.choice(AFTER[verb]).split() if verb in AFTER else _pick(rng, PLACES)
    sentence.add(*tail)


def _plain(sentence: Sentence, rng: random.Random) -> None:
    sentence.add(*_pick(rng, PLAIN))


def make(rng: random.Random) -> Sentence:
    """One sentence, often two in a row, some with brackets in them."""
    sentence = Sentence()
    for _ in range(rng.choice((1, 1, 2))):
        made = rng.choice((_reason, _reason, _says, _owns, _agrees, _agrees, _agrees, _plain))
        made(sentence, rng)
        sentence.add(rng.choice((".", ".", ".", "!", ",", "?")))
    return sentence.bracketed("en", rng) if rng.random() < 0.5 else sentence


def words() -> set[str]:
    """Every word that a sentence may contain."""
    texts = [*PEOPLE.values(), DOES, PLACES, WHEN, PLAIN, *(" ".join(v) for v in AFTER.values())]
    found = {word for text in texts for word in text.replace("|", " ").split()}
    nouns = ANIMALS + THINGS
    found |= {*nouns, *map(plural, nouns), *MEETS, *STATES, *JOINS, *SAYS, *LOSES, *ADJECTIVES}
    found |= {*ACTS, *ACTS.values(), *(word for forms in NEEDS.values() for word in forms)}
    return found | {*listed("too that the a my our near with behind beside under . ! , ?")}
