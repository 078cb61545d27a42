#pragma once

#include <cstdint>
#include <string_view>

#include "inspect/pii/word_table.h"

namespace gatehouse::inspect::pii {

// The text of data/names.txt: lines "WORD<tab>FLAGS", g a given name, s a surname, p a place, c a country, ~ a word of
// some language besides.
std::string_view NameLists();

// What a word or a few of them can be.
enum GazetteerBits : std::uint32_t {
  kGivenName = 1,
  kSurname = 2,
  kPlace = 4,
  kCountry = 8,
  kCommonWord = 16,
  kTitle = 32,          // "Mr", "Frau": a name follows
  kNationality = 64,    // and religions
  kStreetType = 128,    // "Street": ends the name of one
  kStreetStart = 256,   // "Rue": begins the name of one
  kUnit = 512,          // "Suite": a number follows
  kParticle = 2048,     // of names, in lower case: "van"
  kNoName = 1024,       // begins sentences and headings, and is no name
  kBeginsPlace = 4096,  // the first word of a place or country of several
};

// All of them, with the words that are listed in gazetteer.cc.
WordTable MakeGazetteer();

}  // namespace gatehouse::inspect::pii
