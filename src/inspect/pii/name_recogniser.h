#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "inspect/pii/gazetteer.h"
#include "inspect/pii/plain_words.h"
#include "inspect/pii/sighting.h"

namespace gatehouse::inspect::pii {

// Sees names of people, places and nations by lists of them, by titles and by the words that introduce somebody; and
// addresses by the words that streets are called by. Names on no list and in lower case are not seen. Immutable.
class NameRecogniser {
 public:
  NameRecogniser();

  // What begins among the words that begin with the capital at `at`; returns where they end. Nothing of letters or
  // digits stands before `at`.
  std::size_t SeeWords(const Piece& piece, std::size_t at, std::vector<Sighting>& sightings) const;

  // The address that begins with the number at `at`.
  void SeeStreet(const Piece& piece, std::size_t at, std::vector<Sighting>& sightings) const;

  // Adds the words that SeeWords() may see something in by themselves, and those that it goes on with.
  void AddTelling(PlainWords& words) const;

 private:
  static constexpr std::size_t kMaxWords = 8;
  struct Word {
    Span span;
    std::uint32_t bits = 0;
    enum class Form : std::uint8_t { kCapital, kInitial, kParticle } form = Form::kCapital;
  };
  struct Words {
    std::array<Word, kMaxWords> words{};
    std::size_t count = 0;
    std::size_t end = 0;
  };

  Words Read(std::string_view text, std::size_t at) const;
  static bool HasSecondCapital(const Words& words, std::size_t first);
  bool IsIntroduced(std::string_view text, std::size_t at) const;
  bool IsAfterPlacePreposition(std::string_view text, std::size_t at) const;
  std::size_t SeePlace(std::string_view text, const Words& words, std::size_t first,
                       std::vector<Sighting>& sightings) const;
  std::size_t SeePerson(std::string_view text, const Words& words, std::size_t first,
                        std::vector<Sighting>& sightings) const;
  std::size_t SeeNamedStreet(std::string_view text, const Words& words, std::size_t first,
                             std::vector<Sighting>& sightings) const;

  WordTable words_;
  WordTable introductions_;  // words in lower case
};

}  // namespace gatehouse::inspect::pii
