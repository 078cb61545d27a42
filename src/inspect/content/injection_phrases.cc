#include "inspect/content/injection_phrases.h"

#include <array>

namespace gatehouse::inspect::content {
namespace {

constexpr std::string_view kOverride = "INSTRUCTION_OVERRIDE";
constexpr std::string_view kExtraction = "PROMPT_EXTRACTION";
constexpr std::string_view kPersona = "PERSONA_OVERRIDE";
constexpr std::string_view kConcealment = "CONCEALMENT";

constexpr float kPlain = 0.93F;   // hardly ever said otherwise
constexpr float kLikely = 0.75F;  // said otherwise at times
constexpr float kHint = 0.5F;     // says little alone

constexpr auto kPhrases = std::to_array<Phrase>({
    // English
    {kOverride, kPlain,
     "ignore|disregard|forget|override|bypass|neglect|discard|dismiss 3 "
     "previous|prior|above|earlier|preceding|former|initial|original|existing 3 "
     "instruction|instructions|prompt|prompts|directions|directives|guidelines|commands|orders|programming"},
    {kOverride, kLikely,
     "ignore|disregard|forget|override|bypass|discard 2 all|any|your|the|these|those 1 "
     "instruction|instructions|prompts|directives|programming"},
    {kOverride, kLikely,
     "ignore|disregard|forget 2 previous|prior|above|preceding 1 "
     "rules|text|context|messages|conversation|tasks|requests|content"},
    {kOverride, kPlain, "ignore|disregard|forget 1 everything|anything|all 2 above|before|previously|prior|told"},
    {kOverride, kLikely,
     "do|must|should not follow|obey 2 previous|prior|above|original|earlier 1 instructions|rules|guidelines|prompt"},
    {kOverride, kLikely,
     "your|here 1 new|updated|real|actual|true|only 1 instructions|instruction|task|goal|mission|objective"},
    {kOverride, kLikely,
     "system|safety|content 1 prompt|filters|filter|guardrails|restrictions 2 "
     "disabled|deactivated|overridden|lifted|removed"},
    {kOverride, kLikely,
     "disable|deactivate|remove|bypass 3 safety|content|ethical 1 "
     "filters|filter|guidelines|protocols|restrictions|guardrails"},
    {kExtraction, kLikely,
     "reveal|print|show|repeat|output|display|disclose|leak|share|dump|recite|expose 3 "
     "system|initial|original|hidden|secret|developer|internal 1 "
     "prompt|prompts|instructions|message|messages|directives"},
    {kExtraction, kLikely, "repeat|print|output|copy|write 2 words|text|everything|sentences|content 1 above|before"},
    {kExtraction, kHint, "what|tell 3 your 1 system|initial|original|hidden 0 prompt|instructions"},
    {kPersona, kLikely, "you 2 now 3 dan|unrestricted|unfiltered|uncensored|jailbroken|evil"},
    {kPersona, kLikely, "do anything now"},
    {kPersona, kLikely,
     "act|behave|pretend|respond|roleplay 2 as|like|are|be 3 dan|unrestricted|unfiltered|uncensored|jailbroken|amoral"},
    {kPersona, kLikely,
     "without|no|any 2 ethical|moral|safety|content 2 "
     "guidelines|restrictions|constraints|limitations|filters|boundaries"},
    {kPersona, kLikely, "developer|god|debug|jailbreak|admin|sudo mode 2 enabled|activated|unlocked|engaged"},
    {kPersona, kLikely, "enable|enter|activate|unlock 2 developer|god|debug|jailbreak|dan mode"},
    {kConcealment, kLikely,
     "do|don|must|never|without 2 tell|telling|inform|informing|mention|mentioning|notify|notifying|alert|alerting 2 "
     "user|users|human|humans"},
    {kConcealment, kHint, "do|don|never 2 mention|reveal|disclose 4 instruction|instructions|prompt"},
    {kOverride, kLikely,
     "important|urgent|critical|attention 2 message|instruction|instructions|notice|information 2 to|for 2 "
     "llm|assistant|model|agent|chatgpt|claude|gpt"},
    {kOverride, kLikely, "if 2 you 2 are|re 3 llm|chatbot|assistant|model|agent"},
    // German
    {kOverride, kPlain,
     "ignorier*|vergiss|vergesst|missachte*|missachten|übergeh*|uebergeh* 3 "
     "vorherigen|vorigen|bisherigen|obigen|früheren|frueheren|fruheren|vorangegangenen|vorhergehenden|ursprünglichen|"
     "urspruenglichen|ursprunglichen 3 "
     "anweisungen|anweisung|instruktionen|regeln|befehle|vorgaben|prompts|prompt|aufforderungen|richtlinien|angaben"},
    {kOverride, kLikely,
     "ignorier*|vergiss|vergesst|missachte* 2 alle|alles|deine|sämtliche|saemtliche 2 "
     "anweisungen|instruktionen|regeln|befehle|vorgaben|davor|zuvor|vorher"},
    {kExtraction, kLikely,
     "zeig*|nenne|verrate|gib|wiederhole|offenbare 4 "
     "systemprompt|systemanweisung|systemanweisungen|systemnachricht|anfangsanweisungen"},
    // French
    {kOverride, kPlain,
     "ignore|ignorez|ignorer|oublie|oubliez|oublier 4 "
     "instruction|instructions|consigne|consignes|directives|règles|regles|ordres 2 "
     "précédente|précédentes|precedente|precedentes|antérieures|anterieures|dessus|initiales|précédents|precedents"},
    {kExtraction, kLikely,
     "affiche|montre|révèle|revele|répète|repete|donne 4 prompt|instructions|message 1 "
     "système|systeme|initial|initiales"},
    // Spanish
    {kOverride, kPlain,
     "ignora|ignore|ignorar|olvida|olvide|olvidar|omite 3 "
     "instrucciones|instrucción|instruccion|órdenes|ordenes|reglas|indicaciones|directrices 1 "
     "anteriores|anterior|previas|previa|precedentes|arriba|iniciales"},
    {kOverride, kPlain,
     "ignora|ignore|ignorar|olvida|olvide 3 anteriores|previas 1 instrucciones|órdenes|ordenes|reglas"},
    {kExtraction, kLikely,
     "muestra|revela|repite|dime|imprime 4 prompt|mensaje|instrucciones 1 sistema|iniciales|sistema"},
    // Italian
    {kOverride, kPlain,
     "ignora|ignorate|ignorare|dimentica|dimenticare|trascura 3 "
     "istruzioni|istruzione|regole|indicazioni|direttive|comandi 1 precedenti|precedente|sopra|iniziali"},
    {kOverride, kPlain, "ignora|ignorate|ignorare|dimentica 3 precedenti 1 istruzioni|regole|indicazioni|direttive"},
    {kExtraction, kLikely, "mostra|rivela|ripeti|stampa 4 prompt|istruzioni|messaggio 1 sistema|iniziali"},
    // Polish
    {kOverride, kPlain,
     "zignoruj|ignoruj|zignorować|zignorowac|zapomnij|pomiń|pomin 3 "
     "poprzednie|poprzednich|wcześniejsze|wczesniejsze|wcześniejszych|wczesniejszych|powyższe|powyzsze 2 "
     "instrukcje|instrukcji|polecenia|poleceń|polecen|zasady|wytyczne|komendy"},
    {kExtraction, kLikely,
     "pokaż|pokaz|ujawnij|powtórz|powtorz|wypisz|podaj 3 prompt|instrukcje|wiadomość|wiadomosc 1 "
     "systemowy|systemowe|systemową|systemowa"},
    // Dutch
    {kOverride, kPlain,
     "negeer|vergeet|negeren 3 vorige|voorgaande|eerdere|bovenstaande|voorafgaande|oorspronkelijke 2 "
     "instructies|instructie|opdrachten|regels|aanwijzingen|richtlijnen|prompts|prompt"},
    {kExtraction, kLikely, "toon|onthul|herhaal|geef|laat 4 systeemprompt|systeeminstructies|systeembericht"},
    // Portuguese
    {kOverride, kPlain,
     "ignore|ignora|ignorar|esqueça|esqueca|esquece|desconsidere|desconsidera 3 "
     "instruções|instrucoes|instrução|instrucao|ordens|regras|orientações|orientacoes|diretrizes 1 "
     "anteriores|anterior|prévias|previas|acima|iniciais"},
    {kExtraction, kLikely,
     "mostre|mostra|revele|revela|repita|imprima|diga 4 prompt|instruções|instrucoes|mensagem 2 sistema|iniciais"},
});

}  // namespace

std::span<const Phrase> InjectionPhrases() { return kPhrases; }

}  // namespace gatehouse::inspect::content
