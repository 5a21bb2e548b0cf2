// Texts that tokenizers disagree on: scripts, marks, spaces, digits, code, special tokens inside text, and seeded mixtures of them all.

const words = [
  "Hello, world!",
  "I'm sure they'll say it's what we've DON'T'VE 'S 'Ll 'RE can'ſ K'K don\u2019t",
  "The quick brown fox jumps over the lazy dog.",
  "camelCase snake_case SCREAMING_CASE kebab-case HTTPServer iPhone15Pro x86_64",
  "Straße ÄÖÜ naïve façade Ångström œuvre ﬁne ﬃ ǆ ǅ Ǆ İstanbul ıI",
  "Съешь же ещё этих мягких французских булок",
  "Ξεσκεπάζω τὴν ψυχοφθόρα βδελυγμία",
  "日本語のテキスト。漢字とカタカナ、ひらがな",
  "你好，世界！这是一个测试。２０２４年１０月",
  "한국어 문장입니다. 각 ᄀ\u1161\u11a8 힣",
  "مرحبا بالعالم ١٢٣٤٥ \u064e\u0651",
  "שלום עולם \u05b0\u05b8",
  "नमस्ते दुनिया क़ क\u093c १२३ क्षि",
  "สวัสดีชาวโลก ๑๒๓",
  "Tiếng Việt: Tie\u0302\u0301ng Vie\u0323\u0302t",
  "e\u0301 e\u0301\u0301 \u0301e q\u0307\u0323 q\u0323\u0307 a\u0315\u0300\u05ae\u0300b \u1e9b\u0323 \u212b \u2126 \u0958 \u2adc",
  "👋🏽 👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪🇫🇷 ❤️ ☺ 🫠 1️⃣ 🤦🏼‍♂️",
  "𝒜𝓁𝓁 𝟙𝟚𝟛 𐍈 𓀀 𠜎𠜱 \u{1f1e6}",
  "½ ² ³ ⅷ ① Ⅻ 〇 ٣ ௧ 𝟘 ⁵₅ 12345678901234567890 3.14159 1e-10 0xDEADBEEF 1,000,000",
  "if (a<b && c>=d) { return x[i]++ ?? y; } // comment\n\tfor (;;) {}\r\n",
  'def f(x: int) -> str:\n    """Doc."""\n    return f\'{x!r:>10}\'\n\n\nclass A:\n        pass\n',
  '<div class="a"><p>text</p>\n\n\n<br/></div> <table><tr><td> </td></tr></table>',
  "SELECT * FROM t WHERE a = 'b' AND c IN (1,2,3);",
  '{"key": [1, 2.0, null, true], "nested": {"a": "\\u00e9"}}',
  "https://example.com/path/to?query=1&other=%20x#fragment user.name+tag@mail.example.org",
  "aGVsbG8gd29ybGQhIFRoaXMgaXMgYmFzZTY0IGVuY29kZWQgdGV4dA==",
  "/usr/local/bin:/home/user/.config C:\\Users\\x\\file.txt",
  "!!! ??? ... --- === *** ### ~~~ ``` ''' \"\"\" ((())) [[]] {{}} <<>> $$$ %%% ^^^ &&& |||",
  "“quotes” ‘single’ «guillemets» „low“ — – ‐ … • · ° § ¶ † ‡ ※ ‰",
  "€£¥₹₽ ∑∫√∞≠≤≥ ←↑→↓ ■□▲△ ░▒▓ ♠♣♥♦",
  "\\frac{\\partial f}{\\partial x} = \\sum_{i=0}^{n} \\alpha_i x^i",
];

const spaces = [
  " ",
  "  ",
  "   ",
  "\n",
  "\n\n",
  "\n\n\n\n",
  "\r\n",
  "\r",
  "\t",
  "\t\t\t",
  " \n",
  "\n ",
  "  \n\n  ",
  "\u00a0",
  "\u3000",
  "\u2028",
  "\u0085",
  "\u000b",
  "\u000c",
  "\u001c\u001f",
  "\u180e",
  "\u200b",
  "\u200d",
  "\ufeff",
  "\u2002\u2003\u2009",
  "▁",
  "▁▁",
  " ▁ ",
  "Ġ",
  "Ċ",
];

const controls = [
  "\u0000",
  "\u0001\u0002",
  "\u007f",
  "\u0080\u009f",
  "\u00ad",
  "\u202e",
  "\ufffd",
  "\uffff",
  "\ue000",
  "\u{10ffff}",
  "\u{e0041}",
];

const specials = [
  "<|begin_of_text|>",
  "<|eot_id|>",
  "<|start_header_id|>user<|end_header_id|>\n\n",
  "<|im_start|>",
  "<|im_end|>",
  "<|im_end|>\n",
  " <|im_start|>assistant\n",
  "<|endoftext|>",
  "<think>",
  "</think>",
  "<tool_call>",
  "</tool_call>",
  "<｜begin▁of▁sentence｜>",
  "<｜User｜>",
  "<｜Assistant｜>",
  "<｜end▁of▁sentence｜>",
  "<｜fim▁hole｜>",
  "<bos>",
  "<eos>",
  "<start_of_turn>model\n",
  "<end_of_turn>",
  "<unused7>",
  "<mask>",
  "[multimodal]",
  "<|start|>assistant<|channel|>final<|message|>",
  "<|return|>",
  "<|call|>",
  "<s>",
  "</s>",
  " <s> ",
  "<unk>",
  "<pad>",
  "[INST]",
  " [/INST]",
  "[TOOL_CALLS]",
  "[AVAILABLE_TOOLS]",
  "<0x0A>",
  "<|im_start",
  "|>",
  "<|",
  "<<|im_end|>>",
  "<s<s>>",
];

const long = [
  "a".repeat(3000),
  "ab".repeat(700),
  " ".repeat(500),
  `${" ".repeat(131)}x`,
  "\n".repeat(200),
  "A".repeat(300),
  "1".repeat(301),
  "=".repeat(257),
  "é".repeat(400),
  "e\u0301".repeat(200),
  "字".repeat(300),
  "👍".repeat(120),
  "\u0301".repeat(60),
  "supercalifragilisticexpialidocious".repeat(20),
  "0123456789abcdef".repeat(60),
  "\t \n".repeat(80),
  "ÀÉÎÕÜ".repeat(50),
  "hello▁▁world ".repeat(30),
];

/** All of the above alone, each after a space and before a line's end, and `mixtures` random strings of them; the same ones for a seed. */
export function stressTexts({ mixtures, seed }: { mixtures: number; seed: number }): string[] {
  const fragments = [
    ...words,
    ...spaces,
    ...controls,
    ...specials,
    ...words.flatMap((line) => line.split(" ").slice(0, 3)),
  ];
  const alone = [...words, ...spaces, ...controls, ...specials, ...long];
  const random = generator(seed);
  const pick = () => fragments[Math.floor(random() * fragments.length)]!;
  const piece = () => {
    const fragment = pick();
    if (random() < 0.6) return fragment;
    const characters = [...fragment];
    const start = Math.floor(random() * characters.length);
    return characters.slice(start, start + 1 + Math.floor(random() * 6)).join("");
  };
  const mixed = Array.from({ length: mixtures }, () => {
    const pieces = Array.from({ length: 2 + Math.floor(random() * 12) }, piece);
    return pieces.join(random() < 0.5 ? "" : " ");
  });
  const framed = [...words, ...specials].flatMap((text) => [` ${text}`, `${text}\n`, `a${text}b`]);
  return ["", ...alone, ...framed, ...mixed];
}

/** mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
