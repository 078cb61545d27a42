#include "pipeline/principal.h"

namespace gatehouse::pipeline {

std::string_view ToString(NodeKind kind) {
  switch (kind) {
    case NodeKind::kOrganization: return "organization";
    case NodeKind::kTeam: return "team";
    case NodeKind::kProject: return "project";
    case NodeKind::kUser: return "user";
    case NodeKind::kApplication: return "application";
    case NodeKind::kAgent: return "agent";
    case NodeKind::kKey: return "key";
  }
  return "unknown";
}

std::string_view ToString(Authentication how) {
  switch (how) {
    case Authentication::kKey: return "key";
    case Authentication::kToken: return "token";
    case Authentication::kClientCertificate: return "client_certificate";
    case Authentication::kPassword: return "password";
  }
  return "unknown";
}

}  // namespace gatehouse::pipeline
