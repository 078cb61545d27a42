#include "inspect/pii/gazetteer.h"

#include <algorithm>
#include <string>
#include <vector>

namespace gatehouse::inspect::pii {
namespace {

struct Words {
  std::uint32_t bits;
  std::string_view words;  // with a space between them; _ stands for a space within
};

constexpr Words kWords[] = {
    {kTitle,
     "Mr Mrs Ms Miss Mister Dr Prof Professor Doctor Sir Madam Herr Frau Hr Fr Dipl Monsieur Madame Mademoiselle Mme "
     "Mlle "
     "Señor Señora Señorita Sr Sra Srta Don Doña Signor Signora Sig Dott Pan Pani Dhr Mevr Mevrouw Meneer Senhor "
     "Senhora "
     "Dona Captain Capt Lieutenant Sgt Sergeant Judge Justice Senator Reverend Rev Nurse MR MRS MS DR"},
    {kNationality,
     "American British English Scottish Welsh Irish German French Italian Spanish Portuguese Dutch Belgian Swiss "
     "Austrian "
     "Polish Czech Slovak Hungarian Romanian Bulgarian Greek Turkish Russian Ukrainian Belarusian Lithuanian Latvian "
     "Estonian Finnish Swedish Norwegian Danish Icelandic Croatian Serbian Bosnian Slovenian Albanian Macedonian "
     "Maltese "
     "Cypriot Israeli Palestinian Lebanese Syrian Iraqi Iranian Saudi Saudis Egyptian Moroccan Algerian Tunisian "
     "Libyan "
     "Ethiopian Kenyan Nigerian Ghanaian Ugandan Somali Sudanese Angolan Indian Pakistani Bangladeshi Nepalese Afghan "
     "Chinese Japanese Korean Vietnamese Thai Malaysian Indonesian Filipino Singaporean Taiwanese Mongolian Kazakh "
     "Uzbek "
     "Australian Canadian Mexican Brazilian Argentinian Argentine Chilean Colombian Peruvian Venezuelan Bolivian Cuban "
     "Jamaican Haitian Dominican Panamanian Guatemalan Honduran Ecuadorian Uruguayan Paraguayan Americans Germans "
     "Italians "
     "Russians Indians Greeks Turks Swedes Danes Finns Poles Arabs Jews Christian Christians Muslim Muslims Jewish "
     "Hindu "
     "Hindus Buddhist Catholic Protestant Orthodox Sikh Shia Sunni Greenlander Icelander European Europeans African "
     "Africans Asian Asians Latino Hispanic Belizean Bruneian Georgian Armenian Azerbaijani Kuwaiti Qatari Emirati "
     "Yemeni "
     "Jordanian Omani Bahraini Zimbabwean Zambian Tanzanian Rwandan Senegalese Cameroonian Congolese Malian"},
    {kStreetType,
     "Street St Road Rd Avenue Ave Av Lane Ln Drive Dr Boulevard Blvd Way Court Ct Place Pl Square Sq Terrace Crescent "
     "Parkway Pkwy Highway Hwy Circle Cir Trail Alley Close Grove Mews Row Walk Gardens Hill Loop Plaza Path Pike "
     "Creek "
     "Bypass Green Common Commons Park View Ridge Run Crossing Heights Manor Meadows Valley Village Point Station "
     "Bridge "
     "Quay Wharf Esplanade Parade Promenade Rise Vale Turnpike Expressway Freeway Cres Tce Straße Strasse Str Platz "
     "Weg "
     "Allee Gasse Ring Damm Ufer Straat Laan Plein Weg Kade Vej Gade Alle Gatan Vägen Gata Vei Katu Tie"},
    {kStreetStart,
     "Rue Avenue Boulevard Chemin Allée Place Quai Impasse Via Viale Piazza Corso Largo Strada Vicolo Calle Avenida "
     "Plaza "
     "Paseo Carrer Carretera Camino Rua Travessa Praça Estrada Alameda Ulica Aleja Plac Osiedle Am An Im Unter "
     "Kirchweg"},
    {kUnit, "Suite Apt Apartment Unit Flat Floor Room Box Building Bldg Ste PSC FPO APO DPO"},
    {kNoName,
     "The This That These Those There Then They Their What When Where Which While Who Why How Here His Her Its Our "
     "Your "
     "You We He She It In On At To From For With About After Before Please Thank Thanks Hello Hi Hey Dear Best Kind "
     "Regards Sincerely Yes No Not And But Or If As Is Are Was Were Be Been Can Could Would Should Will May Might Must "
     "Do "
     "Does Did Has Have Had All Any Some Each Every Both Most More Other Such Only Own Same So Than Too Very Just Now "
     "New "
     "Old First Last Next One Two Three Four Five Monday Tuesday Wednesday Thursday Friday Saturday Sunday January "
     "February "
     "March April June July August September October November December Write Give Make Create Explain Describe Tell "
     "Show "
     "List Find Use Using Get Let Help Add Set Go See Note Question Answer Example Name Date Phone Address Email "
     "Subject "
     "Title Summary Table Figure Section Chapter Part Step Total Number Amount Price Company Corporation Inc Ltd LLC "
     "Corp "
     "University College School Institute Department Office Bank Group Center Centre Association Foundation Press "
     "Times "
     "News Journal Magazine Act Court State States City County North South East West Central United Great Union Party "
     "House Senate Congress Government President Minister King Queen Prince Princess Lord Lady Chief Director Manager "
     "Ich Du Er Sie Es Wir Ihr Der Die Das Ein Eine Und Oder Aber Bitte Danke Hallo Sehr Liebe Lieber Je Tu Il Elle "
     "Nous "
     "Vous Ils Le La Les Un Une Des Et Ou Mais Bonjour Cher Chère El Los Las Una Unos Pero Hola Estimado Estimada "
     "Gracias "
     "Lo Gli Uno Ciao Gentile Caro Cara Het Een Maar Beste Geachte Os Uma Olá Prezado Caro Jest Nie Tak Dzień Szanowny "
     "JSON HTML HTTP API SQL XML CSS URL PDF CEO CTO USA UK EU AI IT"},
    {kParticle, "van von der den de la le du da di del della dos das do bin al el ter ten zu af y e"},
    {kPlace | kCommonWord, "Nice Mobile Reading Bath Orange Split Essen Reading Of Many Most Best Hof Como Lens"},
    {kCountry,
     "United_States United_Kingdom USA UK England Scotland Wales Russia Korea Holland Burma Vietnam Iran Syria"},
};

void AddWord(WordTable& table, std::string_view word, std::uint32_t bits) {
  char spaced[64] = {};
  const std::size_t size = word.copy(spaced, sizeof(spaced));
  std::replace(spaced, spaced + size, '_', ' ');
  table.Add({spaced, size}, bits);
}

std::uint32_t BitsOf(std::string_view flags) {
  std::uint32_t bits = 0;
  for (const char flag : flags) {
    bits |= flag == 'g'   ? kGivenName
            : flag == 's' ? kSurname
            : flag == 'p' ? kPlace
            : flag == 'c' ? kCountry
                          : kCommonWord;
  }
  return bits;
}

}  // namespace

WordTable MakeGazetteer() {
  WordTable table;
  for (std::string_view list = NameLists(); !list.empty();) {
    const std::size_t end = std::min(list.find('\n'), list.size());
    const std::string_view line = list.substr(0, end);
    const std::size_t tab = std::min(line.find('\t'), line.size());
    if (tab > 2 && tab < line.size()) table.Add(line.substr(0, tab), BitsOf(line.substr(tab + 1)));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  for (const Words& group : kWords) {
    for (std::string_view words = group.words; !words.empty();) {
      const std::size_t end = std::min(words.find(' '), words.size());
      if (end != 0) AddWord(table, words.substr(0, end), group.bits);
      words.remove_prefix(std::min(end + 1, words.size()));
    }
  }
  std::vector<std::string> beginnings;
  table.Each([&](std::string_view word, std::uint32_t bits) {
    if ((bits & (kPlace | kCountry)) == 0 || !word.contains(' ')) return;
    beginnings.emplace_back(word.substr(0, word.find_first_of(" .")));
  });
  for (const std::string& word : beginnings) table.Add(word, kBeginsPlace);
  return table;
}

}  // namespace gatehouse::inspect::pii
