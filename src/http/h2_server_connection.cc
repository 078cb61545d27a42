#include "http/server_connection.h"

namespace gatehouse::http {

std::unique_ptr<ServerConnection> MakeH2ServerConnection(ServerContext&, std::unique_ptr<net::Stream>, ReadBuffer) {
  return nullptr;
}

}  // namespace gatehouse::http
