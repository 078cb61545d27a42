#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json/writer.h"
#include "llm/event.h"
#include "llm/loss.h"

// Values as text that a person can review in a diff.
namespace gatehouse::golden {

// JSON with a line per member, scalars as they stand in the source; a text that is not JSON comes back as it is.
std::string Pretty(std::string_view json);

std::string Render(const llm::Event& event);
std::string Render(const std::vector<llm::Event>& events);
std::string Render(const llm::Usage& usage);
std::string Render(const base::Error& error);
std::string Render(const llm::Loss& loss);
std::string Render(const std::vector<llm::Loss>& losses);

// The member `losses`, a line each, of the open object: a reviewer sees them beside the body.
void WriteLosses(codec::json::Writer& writer, const std::vector<llm::Loss>& losses);

}  // namespace gatehouse::golden
