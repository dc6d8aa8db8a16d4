"""Invented Chinese sentences, by character, with pronouns and measure words.

A pronoun agrees with its subject (他, 她, 它, 他们, 她们), a measure word with its noun (一本书).
"""

from __future__ import annotations

import random

from models.sentence import Sentence, listed

PEOPLE = {
    "她": listed("小红 小丽 小芳 美玲 王芳 李娜 妈妈 奶奶 姐姐 妹妹 女孩 公主 女王 阿姨 姑姑"),
    "他": listed("小明 小刚 大伟 志强 王军 李强 爸爸 爷爷 哥哥 弟弟 男孩 王子 国王 叔叔 舅舅"),
}
ANIMALS = {
    "猫": "只",
    "狗": "只",
    "鸟": "只",
    "老虎": "只",
    "兔子": "只",
    "羊": "只",
    "鱼": "条",
    "蛇": "条",
    "马": "匹",
    "牛": "头",
    "猪": "头",
}
THINGS = {
    "书": "本",
    "词典": "本",
    "杂志": "本",
    "纸": "张",
    "桌子": "张",
    "床": "张",
    "照片": "张",
    "票": "张",
    "笔": "支",
    "歌": "首",
    "诗": "首",
    "车": "辆",
    "自行车": "辆",
    "树": "棵",
    "河": "条",
    "路": "条",
    "裤子": "条",
    "椅子": "把",
    "刀": "把",
    "钥匙": "把",
    "伞": "把",
    "衣服": "件",
    "事": "件",
    "房子": "座",
    "山": "座",
    "桥": "座",
    "电脑": "台",
    "机器": "台",
    "信": "封",
    "花": "朵",
    "云": "朵",
    "电影": "部",
    "手机": "部",
}
NUMBERS = listed("一 两 三 四 五 六 七 八 九 十 那 这 几")
COLOURS = listed("红色的 白色的 黑色的 很旧的 新的 很大的 小 大 旧 漂亮的 奇怪的")
MEETS = listed("叫 找 帮助 看见 遇到 认识 喜欢 等 问 跟着 感谢 离开 听见")
JOINS = listed("因为 所以 虽然 但是 后来 那时 不过 如果")
STATES = (
    "累了|病了|饿了|很高兴|很难过|太忙了|不在家|生气了|害怕了|没有时间|想回家|要去上学|"
    "知道答案|看不见路|忘了带伞|很晚才来|还没吃饭|不想走|需要休息|听不懂"
)
SAYS = listed("说 觉得 知道 认为 希望 告诉我 以为 相信")
ACTS = listed("丢了 找到了 打开了 卖了 看完了 买了 忘了 洗了 弄坏了 拿走了 喜欢")
PLACES = listed("在家里 在学校 在河边 在桌子上 在城里 在公园里 在路上 在车站 在山上 在树下")
SEES = listed("我看见 桌子上有 他们买了 我们需要 她画了 门口有 你有 外面有 他想要 房间里有")
WHEN = listed("昨天 今天 明天 早上 晚上 去年 刚才 有时候 每天 现在")
PLAIN = (
    "今天天气怎么样|我不知道这是什么意思|你能帮我一下吗|谢谢你的帮助|注意力机制是什么|"
    "每个查询都会看所有的键|权重加起来等于一|模型一次读完整个句子|我爱你你也爱我|"
    "你喜欢喝茶还是咖啡|请打开窗户|为什么天空是蓝色的|这个问题很有意思|我从来没见过|"
    "学习需要时间和耐心|他们都是我的朋友|北京是中国的首都|我叫什么名字不重要|"
    "人工智能正在改变世界|面试的时候不要紧张"
)


def _pick(rng: random.Random, choices: str) -> str:
    return rng.choice(choices.split("|"))


def _subject(sentence: Sentence, rng: random.Random) -> tuple[str, tuple[int, ...]]:
    """A subject; its pronoun and where it stands."""
    kind = rng.choice(("她", "她", "他", "他", "它"))
    if kind in PEOPLE:
        return kind, sentence.add(*rng.choice(PEOPLE[kind]))
    animal, measure = rng.choice(list(ANIMALS.items()))
    sentence.add(rng.choice("那这一"))
    where = sentence.add(measure)
    sentence.add(*(rng.choice(COLOURS) if rng.random() < 0.4 else ""))
    noun = sentence.add(*animal)
    sentence.tie("classifier", where, noun)
    return kind, noun


def _other(rng: random.Random) -> str:
    """Somebody else, of any gender: no help in guessing the pronoun."""
    return rng.choice(PEOPLE[rng.choice("她他")] + listed("我 我们 老师 同学 朋友 医生"))


def _reason(sentence: Sentence, rng: random.Random) -> None:
    """小红叫小明，因为她累了"""
    kind, subject = _subject(sentence, rng)
    sentence.add(*rng.choice(MEETS), *_other(rng))
    sentence.add(*(["，"] if rng.random() < 0.8 else []), *rng.choice(JOINS))
    sentence.tie("pronoun", sentence.add(kind), subject)
    sentence.add(*_pick(rng, STATES))


def _says(sentence: Sentence, rng: random.Random) -> None:
    """国王说他病了"""
    kind, subject = _subject(sentence, rng)
    sentence.add(*rng.choice(SAYS), *(["，"] if rng.random() < 0.3 else []))
    sentence.tie("pronoun", sentence.add(kind), subject)
    sentence.add(*_pick(rng, STATES))


def _owns(sentence: Sentence, rng: random.Random) -> None:
    """小明丢了他的钥匙"""
    kind, subject = _subject(sentence, rng)
    sentence.add(*(rng.choice(WHEN) if rng.random() < 0.4 else ""))
    sentence.add(*(rng.choice(PLACES) if rng.random() < 0.4 else ""), *rng.choice(ACTS))
    sentence.tie("pronoun", sentence.add(kind), subject)
    sentence.add("的", *rng.choice(list(THINGS)))


def _counts(sentence: Sentence, rng: random.Random) -> None:
    """桌子上有三本很旧的书"""
    sentence.add(*rng.choice(SEES))
    for more in range(rng.choice((1, 1, 2))):
        if more:
            sentence.add("和")
        noun, measure = rng.choice(list((THINGS | ANIMALS).items()))
        sentence.add(rng.choice(NUMBERS))
        where = sentence.add(measure)
        sentence.add(*(rng.choice(COLOURS) if rng.random() < 0.5 else ""))
        sentence.tie("classifier", where, sentence.add(*noun))


def _plain(sentence: Sentence, rng: random.Random) -> None:
    sentence.add(*_pick(rng, PLAIN))


def make(rng: random.Random) -> Sentence:
    """One sentence, often two in a row, some with brackets in them."""
    sentence = Sentence()
    for _ in range(rng.choice((1, 1, 2))):
        made = rng.choice((_reason, _reason, _says, _owns, _counts, _counts, _plain))
        made(sentence, rng)
        sentence.add(rng.choice("。。。！，？"))
    return sentence.bracketed("zh", rng) if rng.random() < 0.5 else sentence


def words() -> set[str]:
    """Every character that a sentence may contain."""
    lists = [*PEOPLE.values(), list(ANIMALS), list(THINGS), NUMBERS, COLOURS, MEETS, JOINS, SAYS]
    lists += [ACTS, PLACES, SEES, WHEN, list(ANIMALS.values()), list(THINGS.values())]
    text = "".join("".join(words) for words in lists) + STATES + PLAIN
    return set(text.replace("|", "") + "它和的我们老师同学朋友医生那这一。！，？")
