#include <algorithm>
#include <csignal>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "app/audit_command.h"
#include "app/cli.h"
#include "app/config.h"
#include "app/config_tenants.h"
#include "app/demo.h"
#include "app/gateway.h"
#include "app/governance.h"
#include "app/guard_command.h"
#include "app/policy_command.h"
#include "app/reconcile_command.h"
#include "app/report_command.h"
#include "app/version.h"
#include "features/guard/guard_table.h"
#include "features/identity/key_text.h"

namespace gatehouse::app {
namespace {

constexpr std::string_view kUsage = R"(gatehouse: one gateway between applications and every AI model they use

  gatehouse serve [--config FILE]   serve; without a file, a demo on loopback that needs no provider
  gatehouse check --config FILE     read a configuration and say what is wrong with it
  gatehouse key new                 make an API key and print it with its hash
  gatehouse key hash                read a key from standard input and print its hash
  gatehouse org|team|project|user|app|agent|key|role ...   manage who may use it; --help says how
  gatehouse budget|usage|exchange|alert ...   what was spent, and who was told; --help says how
  gatehouse reconcile EXPORT        compare a provider's bill with the ledger; --help says how
  gatehouse report ...              what the record shows for the EU AI Act and other frameworks; --help says how
  gatehouse policy ...              try the rules of a configuration on cases, explain a decision
  gatehouse audit ...               verify, prove, show and export the record
  gatehouse guard ...               what inspection sees in a text, and how well
  gatehouse version
)";

void Say(std::FILE* where, std::string_view text) { std::fwrite(text.data(), 1, text.size(), where); }

int Fail(const base::Error& error) {
  Say(stderr, "gatehouse: " + error.public_message + "\n");
  if (!error.detail.empty()) Say(stderr, "  " + error.detail + "\n");
  return 1;
}

// The value of `--config`, or nullopt; exits the parse with usage on anything unknown.
std::optional<std::string> ConfigPath(std::span<char* const> arguments) {
  if (arguments.empty()) return "";
  if (arguments.size() == 2 && std::string_view(arguments[0]) == "--config") return arguments[1];
  return {};
}

void BlockSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

int Serve(const std::string& config_path) {
  BlockSignals();  // before any thread starts, so that all inherit it
  Gateway::Options options{.config_path = config_path, .config_text = {}};
  std::string key;
  const std::string password = NewPassword();
  options.admin_password = base::Secret(password);
  if (config_path.empty()) {
    key = features::identity::NewKey("app");
    options.config_text = DemoConfig(HashOf(key));
    options.output = Gateway::Options::Output::kFriendly;
  }
  Gateway gateway(std::move(options));
  if (auto status = gateway.Start(); !status.ok()) return Fail(status.error());
  if (config_path.empty()) Say(stderr, Welcome(gateway.PublicUrl(), gateway.AdminUrl(), key, password));
  if (!config_path.empty() && gateway.UsesGeneratedPassword()) {
    Say(stderr,
        "gatehouse: admin password until the next start: " + password + "\n  (set admin.password_hash to keep one)\n");
  }
  gateway.Run();
  return 0;
}

int Check(const std::string& config_path) {
  auto text = ReadFile(config_path);
  if (!text.ok()) return Fail(text.error());
  features::routing::HealthBoard board;
  auto config = ReadConfig(text.value(), board);
  if (!config.ok()) return Fail(config.error());
  std::string summary = config_path + ": " + std::to_string(config.value()->providers.size()) + " providers, " +
                        std::to_string(config.value()->routes->size()) + " models, " +
                        std::to_string(CountDeclared(config.value()->tenants, features::identity::NodeKind::kKey)) +
                        " keys: fine\n";
  Say(stdout, summary);
  Say(stdout, ToTable(ProveCoverage(*config.value())));
  if (config.value()->guard != nullptr) Say(stdout, ToTable(*config.value()->guard));
  return 0;
}

int Key(std::string_view what) {
  if (what == "new") {
    const std::string key = features::identity::NewKey("app");
    Say(stdout, "key:  " + key + "\nhash: " + HashOf(key) + "\n");
    return 0;
  }
  if (what != "hash") {
    Say(stderr, kUsage);
    return 2;
  }
  std::string key;
  for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar()) key.push_back(static_cast<char>(c));
  Say(stdout, HashOf(key) + "\n");
  return 0;
}

int Main(std::span<char* const> arguments) {
  const std::string_view command = arguments.size() > 1 ? arguments[1] : "help";
  if (command == "serve" || command == "check") {
    const auto path = ConfigPath(arguments.subspan(2));
    if (path && (command == "serve" || !path->empty())) return command == "serve" ? Serve(*path) : Check(*path);
  } else if (IsCliCommand(arguments.subspan(std::min<std::size_t>(1, arguments.size())))) {
    return RunCli(arguments.subspan(1));
  } else if (command == "key" && arguments.size() == 3) {
    return Key(arguments[2]);
  } else if (command == "reconcile") {
    return ReconcileCommand(arguments.subspan(2));
  } else if (command == "report") {
    return ReportCommand(arguments.subspan(2));
  } else if (command == "policy") {
    return PolicyCommand(arguments.subspan(2));
  } else if (command == "audit") {
    return AuditCommand(arguments.subspan(2));
  } else if (command == "guard") {
    return GuardCommand(arguments.subspan(2));
  } else if (command == "version") {
    Say(stdout, "gatehouse " + std::string(kVersion) + "\n");
    return 0;
  } else if (command == "help" || command == "--help") {
    Say(stdout, kUsage);
    return 0;
  }
  Say(stderr, kUsage);
  return 2;
}

}  // namespace
}  // namespace gatehouse::app

int main(int argc, char** argv) { return gatehouse::app::Main({argv, static_cast<std::size_t>(argc)}); }
