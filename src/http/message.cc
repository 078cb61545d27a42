#include "http/message.h"

#include "codec/http1/head_writer.h"

namespace gatehouse::http {

std::string_view ReasonPhrase(std::uint16_t status) { return codec::http1::ReasonPhrase(status); }

}  // namespace gatehouse::http
