#pragma once

#include "codec/config/node.h"
#include "features/alerts/settings.h"
#include "http/fetcher.h"

namespace gatehouse::app {

// Reads what a channel of alerts says of its mail server and its people. Problems are noted on the tree.
features::alerts::MailSettings ReadMail(const codec::config::Node& channel, http::Trust trust);

}  // namespace gatehouse::app
