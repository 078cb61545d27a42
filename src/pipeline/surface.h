#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gatehouse::pipeline {

// A protocol offered to clients.
enum class Surface : std::uint8_t {
  kOpenAiChat,
  kOpenAiResponses,
  kOpenAiCompletions,
  kOpenAiEmbeddings,
  kAnthropicMessages,
  kGeminiGenerate,
  kGeminiEmbeddings,
  kTokenCount,
  kRerank,
  kModels,
  kPassThrough,  // endpoints whose content is opaque: images, audio, files, batches
};

inline constexpr std::size_t kSurfaces = static_cast<std::size_t>(Surface::kPassThrough) + 1;

std::string_view ToString(Surface surface);  // "openai.chat", ...
std::optional<Surface> SurfaceOf(std::string_view name);

}  // namespace gatehouse::pipeline
