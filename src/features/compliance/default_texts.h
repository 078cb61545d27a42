#pragma once

#include <string_view>

// The files of data/controls and data/report, which are part of the program.
namespace gatehouse::features::compliance {

std::string_view EuAiActText();
std::string_view GdprText();
std::string_view HipaaText();
std::string_view Iso42001Text();
std::string_view MitreAtlasText();
std::string_view NistAi6001Text();
std::string_view NistAiRmfText();
std::string_view OwaspAsi2026Text();
std::string_view OwaspLlm2025Text();
std::string_view Soc2Text();
std::string_view VerifyProgramText();

}  // namespace gatehouse::features::compliance
