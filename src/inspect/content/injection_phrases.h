#pragma once

#include <span>

#include "inspect/content/phrase.h"

namespace gatehouse::inspect::content {

// What those write who want a model to follow them instead of whom it works for: in English, German, French, Spanish,
// Italian, Polish, Dutch and Portuguese, with and without the accents.
std::span<const Phrase> InjectionPhrases();

}  // namespace gatehouse::inspect::content
