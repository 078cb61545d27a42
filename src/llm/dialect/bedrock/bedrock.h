#pragma once

#include "llm/dialect.h"
#include "llm/operation.h"

// Amazon Bedrock's runtime: Converse and ConverseStream, and the bodies of InvokeModel for embeddings. Facts:
// docs.aws.amazon.com/bedrock/latest/APIReference. All dialects are ownerless and immutable.
namespace gatehouse::llm::dialect::bedrock {

// A stream is a sequence of event-stream messages: ResponseDecoder::Decode takes the header ":event-type" of an event,
// ":exception-type" of an exception or ":error-code" of an error as `event`, and the payload as `data`. Errors take the
// header x-amzn-errortype as DecodeTypedError's `type`.
const ChatDialect& Chat();

// /count-tokens of a Converse request.
const CountDialect& Count();

// InvokeModel bodies of amazon.titan-embed-* (one text a call) and of cohere.embed-*: the model's name decides. For
// providers only.
const EmbeddingDialect& Embed();

}  // namespace gatehouse::llm::dialect::bedrock
