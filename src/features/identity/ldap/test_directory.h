#pragma once

// A real directory for tests; never included by product code.

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "net/tls/fake_authority.h"

namespace gatehouse::features::identity::ldap {

// The slapd of Debian's package in a folder of its own, with a certificate for 127.0.0.1 and for no name. Accepts
// passwords over TLS only. Stopped and gone with the object.
class TestDirectory {
 public:
  static constexpr std::string_view kAdmin = "cn=admin,dc=ex,dc=org";
  static constexpr std::string_view kAdminPassword = "admin's own";

  static TestDirectory& Shared() {
    static TestDirectory directory;
    return directory;
  }

  TestDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "gatehouse-ldap-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    std::filesystem::create_directory(folder_ / "data");
    const auto identity = authority_.Issue({.common_name = "directory", .alternative_names = "IP:127.0.0.1"});
    Write("ca.pem", authority_.certificate_pem());
    Write("server.pem", identity.certificate);
    Write("server.key", identity.private_key);
    Write("other-ca.pem", net::tls::FakeAuthority("Another Authority").certificate_pem());
    Write("slapd.conf", Configuration());
    Write("people.ldif", People());
    EXPECT_EQ(Wait(Spawn({"/usr/sbin/slapadd", "-q", "-f", File("slapd.conf"), "-l", File("people.ldif")})), 0)
        << Log();
    Start();
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  ~TestDirectory() {
    Stop();
    std::filesystem::remove_all(folder_);
  }

  // On the ports that it had before, if any.
  void Start() {
    if (plain_port_ == 0) plain_port_ = FreePort();
    if (tls_port_ == 0) tls_port_ = FreePort();
    process_ = Spawn({"/usr/sbin/slapd", "-d", "0", "-f", File("slapd.conf"), "-h", url() + "/ " + tls_url() + "/"});
    EXPECT_TRUE(Answers(plain_port_) && Answers(tls_port_)) << Log();
  }
  void Stop() {
    if (process_ == 0) return;
    ::kill(process_, SIGCONT);
    ::kill(process_, SIGTERM);
    Wait(process_);
    process_ = 0;
  }
  // Connections stay, and nothing answers.
  void Pause() const { ::kill(process_, SIGSTOP); }
  void Resume() const { ::kill(process_, SIGCONT); }

  std::string url() const { return "ldap://127.0.0.1:" + std::to_string(plain_port_); }
  std::string tls_url() const { return "ldaps://127.0.0.1:" + std::to_string(tls_port_); }
  std::uint16_t plain_port() const { return plain_port_; }
  std::uint16_t tls_port() const { return tls_port_; }
  std::string File(const std::string& name) const { return (folder_ / name).string(); }

 private:
  void Write(const std::string& name, std::string_view text) const { std::ofstream(folder_ / name) << text; }
  std::string Log() const {
    std::ifstream file(folder_ / "log");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string Configuration() const {
    return "include /etc/ldap/schema/core.schema\n"
           "include /etc/ldap/schema/cosine.schema\n"
           "include /etc/ldap/schema/inetorgperson.schema\n"
           "modulepath /usr/lib/ldap\nmoduleload back_mdb\nmoduleload memberof\n"
           "pidfile " +
           File("pid") +
           "\n"
           "TLSCACertificateFile " +
           File("ca.pem") +
           "\n"
           "TLSCertificateFile " +
           File("server.pem") +
           "\n"
           "TLSCertificateKeyFile " +
           File("server.key") +
           "\n"
           "security simple_bind=128\n"
           "database mdb\nsuffix dc=ex,dc=org\nmaxsize 10485760\n"
           "directory " +
           File("data") +
           "\n"
           "rootdn " +
           std::string(kAdmin) + "\nrootpw \"" + std::string(kAdminPassword) +
           "\"\n"
           "access to attrs=userPassword by anonymous auth by * none\naccess to * by * read\n"
           "overlay memberof\n";
  }

  // Groups: alice in ml, ml in engineering, engineering and staff in each other, bob in none.
  static std::string People() {
    std::string ldif =
        "dn: dc=ex,dc=org\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: ex\n\n"
        "dn: ou=people,dc=ex,dc=org\nobjectClass: organizationalUnit\nou: people\n\n"
        "dn: ou=groups,dc=ex,dc=org\nobjectClass: organizationalUnit\nou: groups\n\n";
    const auto person = [&](const std::string& uid, const std::string& mail, const std::string& password,
                            const std::string& more) {
      ldif += "dn: uid=" + uid + ",ou=people,dc=ex,dc=org\nobjectClass: inetOrgPerson\nuid: " + uid + "\ncn: The " +
              uid + "\nsn: " + uid + "\nmail: " + mail + "\nuserPassword: " + password + "\n" + more + "\n";
    };
    person("alice", "alice@ex.org", "correct horse", "memberOf: cn=ml,ou=groups,dc=ex,dc=org\n");
    person("bob", "bob@ex.org", "battery staple", "");
    person("odd(*)name", "odd@ex.org", "odd password", "");
    person("twin1", "twin@ex.org", "twin password", "");
    person("twin2", "twin@ex.org", "twin password", "");
    const auto group = [&](const std::string& name, const std::string& members) {
      ldif +=
          "dn: cn=" + name + ",ou=groups,dc=ex,dc=org\nobjectClass: groupOfNames\ncn: " + name + "\n" + members + "\n";
    };
    group("ml", "member: uid=alice,ou=people,dc=ex,dc=org\n");
    group("engineering", "member: cn=ml,ou=groups,dc=ex,dc=org\nmember: cn=staff,ou=groups,dc=ex,dc=org\n");
    group("staff", "member: cn=engineering,ou=groups,dc=ex,dc=org\n");
    group("others", "member: uid=twin1,ou=people,dc=ex,dc=org\n");
    return ldif;
  }

  pid_t Spawn(std::vector<std::string> command) const {
    const pid_t child = ::fork();
    if (child != 0) return child;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // also where the test crashes
    std::vector<char*> arguments;
    for (std::string& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    const int log = ::open((folder_ / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  static int Wait(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  static sockaddr_in Loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  // slapd cannot be asked for any port that is free.
  static std::uint16_t FreePort() {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(probe, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size), 0);
    ::close(probe);
    return ntohs(address.sin_port);
  }
  // Whether it comes to listen within ten seconds.
  static bool Answers(std::uint16_t port) {
    for (int attempt = 0; attempt < 500; ++attempt) {
      const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_in address = Loopback(port);
      const bool connected = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
      ::close(probe);
      if (connected) return true;
      ::poll(nullptr, 0, 20);
    }
    return false;
  }

  net::tls::FakeAuthority authority_;
  std::filesystem::path folder_;
  std::uint16_t plain_port_ = 0;
  std::uint16_t tls_port_ = 0;
  pid_t process_ = 0;
};

}  // namespace gatehouse::features::identity::ldap
