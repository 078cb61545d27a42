"""Just enough C++ lexing for the checks in this folder: no comments, no literals, balanced brackets."""
import re

_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/'
    r'|R"(?P<delimiter>[^()\s\\]{0,16})\((?:.*?)\)(?P=delimiter)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",
    re.DOTALL)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[^\n]*', re.MULTILINE)
_CLOSES = {")": "(", "]": "[", "}": "{", ">": "<"}
_COROUTINE = re.compile(r"\bco_(await|return|yield)\b")


def code_of(text):
    """`text` with comments and literals blanked out, of the same length and with the same line ends."""
    kept = [(m.start(), m.end()) for m in _INCLUDE.finditer(text)]

    def blank(match):
        if any(a <= match.start() < b for a, b in kept):
            return match[0]
        return re.sub(r"[^\n]", " ", match[0])

    return _TOKEN.sub(blank, text)


def comments_of(text):
    """The other half: only the comments are left, at their places."""
    blanked = re.sub(r"[^\n]", " ", text)
    for match in _TOKEN.finditer(text):
        if match[0].startswith(("//", "/*")):
            blanked = blanked[:match.start()] + match[0] + blanked[match.end():]
    return blanked


def enclosing_openers(code):
    """For each offset the offset of the bracket that encloses it, or None. '<' counts where it follows a name."""
    result, stack = [], []
    for offset, char in enumerate(code):
        if char in _CLOSES:
            wanted = _CLOSES[char]
            if char == ">":
                if stack and code[stack[-1]] == "<" and code[offset - 1] not in "-=":
                    stack.pop()
            else:
                while stack and code[stack[-1]] == "<":
                    stack.pop()
                if stack and code[stack[-1]] == wanted:
                    stack.pop()
        result.append(stack[-1] if stack else None)
        if char in "([{" or char == "<" and offset and (code[offset - 1].isalnum() or code[offset - 1] == "_"):
            stack.append(offset)
    return result


def _matching(code, start, opener, closer):
    depth = 0
    for offset in range(start, len(code)):
        if code[offset] == opener:
            depth += 1
        elif code[offset] == closer:
            depth -= 1
            if depth == 0:
                return offset
    return len(code) - 1


def _lambdas(code):
    """(offset, captures, body begin, body end) of each lambda expression."""
    for found in re.finditer(r"\[", code):
        start = found.start()
        before = code[:start].rstrip()[-1:]
        if before and (before.isalnum() or before in "_)]") and not re.search(r"\b(return|co_return|co_await)\s*$", code[:start]):
            continue
        if code.startswith("[[", start) or before == "[":
            continue
        end = _matching(code, start, "[", "]")
        rest = re.compile(r"\s*(<[^{}]*>\s*)?").match(code, end + 1)
        at = rest.end()
        if at < len(code) and code[at] == "(":
            at = _matching(code, at, "(", ")") + 1
        brace = re.compile(r"[^;{},)]*\{").match(code, at)
        if not brace:
            continue
        body = brace.end() - 1
        yield start, code[start + 1:end].strip(), body, _matching(code, body, "{", "}")


def lambda_coroutines(code):
    """Offsets of the lambdas that capture something and are coroutines themselves."""
    lambdas = list(_lambdas(code))
    for start, captures, body, end in lambdas:
        own = list(code[body:end])
        for other, _, inner, inner_end in lambdas:
            if body < other < end:
                own[inner - body:inner_end - body] = " " * (inner_end - inner)
        if captures and _COROUTINE.search("".join(own)):
            yield start
