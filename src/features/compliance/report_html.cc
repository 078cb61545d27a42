#include "features/compliance/report_html.h"

#include <algorithm>
#include <array>
#include <utility>

#include "features/compliance/answer_parts.h"
#include "features/compliance/html_writer.h"
#include "features/compliance/report_chart.h"
#include "features/compliance/report_style.h"

namespace gatehouse::features::compliance {
namespace {

using Verdict = Assessment::Verdict;

struct VerdictWords {
  Verdict verdict;
  std::string_view badge;
  std::string_view meaning;
};
constexpr std::array kVerdicts = {
    VerdictWords{Verdict::kEvidenced, "evidenced", "the record shows all that the gateway has a part in"},
    VerdictWords{Verdict::kPartly, "partly", "the record shows its part; people add the rest"},
    VerdictWords{Verdict::kQuiet, "quiet", "the record was kept, and nothing of the kind happened"},
    VerdictWords{Verdict::kGaps, "gaps", "something that should be in the record is not"},
    VerdictWords{Verdict::kPeople, "people", "people attest it; the record has no part in it"},
};

std::string Anchor(std::string_view id) {
  std::string anchor = "c-";
  for (const char c : id) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    anchor.push_back(plain ? c : '-');
  }
  return anchor;
}

void WriteBadge(HtmlWriter& html, Verdict verdict) {
  html.Element("span class=\"badge " + std::string(ToString(verdict)) + "\"", ToString(verdict));
}

void WriteFact(HtmlWriter& html, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  html.Element("dt", name).Element("dd", value);
}

std::uint64_t CountOf(const Report& report, Verdict verdict) {
  return static_cast<std::uint64_t>(std::ranges::count(report.assessments, verdict, &Assessment::verdict));
}

void WriteHead(HtmlWriter& html, const Report& report) {
  const Framework& framework = *report.framework;
  html.Raw("<header>").Element("p class=\"kind\"", "Compliance evidence").Element("h1", framework.title);
  const Scope& scope = report.evidence->scope();
  html.Raw("<dl class=\"facts\">");
  WriteFact(html, "Period (UTC)", TimeText(scope.from_us) + " to " + TimeText(scope.until_us));
  WriteFact(html, "Scope", report.scope.empty() ? "everything in this log" : report.scope);
  WriteFact(html, "Record", report.log.origin + ", " + CountText(report.log.size) + " entries");
  WriteFact(html, "Root hash", report.log.root);
  WriteFact(html, "Publisher", framework.publisher);
  WriteFact(html, "Version of the text", framework.text_version);
  WriteFact(html, "Amended by", framework.amended_by);
  WriteFact(html, "Made", TimeText(report.made_us) + " UTC");
  html.Raw("</dl>");
  html.Element("p class=\"note\"",
               "This report shows what a gateway recorded. It is evidence, not a judgement that the requirements are "
               "met, and no legal advice. Where the record lacks something, that is said as a gap.");
  if (framework.amended_check == Framework::AmendedCheck::kPending) {
    html.Element("p class=\"note warn\"",
                 "The requirements were written from the version named above and have not yet been compared with the "
                 "consolidated text after the amendment.");
  }
  if (!framework.notes.empty()) html.Element("p class=\"note\"", framework.notes);
  html.Raw("</header>");
}

void WriteSummary(HtmlWriter& html, const Report& report) {
  html.Raw("<section id=\"summary\"><h2>Summary</h2>");
  std::vector<std::pair<std::string, std::uint64_t>> parts;
  parts.reserve(kVerdicts.size());
  for (const VerdictWords& words : kVerdicts) parts.emplace_back(words.badge, CountOf(report, words.verdict));
  html.Raw(VerdictBar(parts)).Raw("<ul class=\"legend\">");
  for (const VerdictWords& words : kVerdicts) {
    html.Raw("<li>");
    WriteBadge(html, words.verdict);
    html.Raw("<strong>")
        .Text(CountText(CountOf(report, words.verdict)))
        .Raw("</strong> ")
        .Text(words.meaning)
        .Raw("</li>");
  }
  html.Raw("</ul></section>");
}

void WriteGaps(HtmlWriter& html, const Report& report) {
  html.Raw("<section id=\"gaps\"><h2>Gaps</h2>");
  bool any = false;
  for (const Answer& answer : report.answers) {
    for (const std::string& gap : answer.gaps) {
      html.Raw(any ? "" : "<ul class=\"gaps\">").Raw("<li>").Text(gap).Raw(" <span class=\"for\">");
      for (const Assessment& one : report.assessments) {
        if (std::ranges::find(one.gaps, gap) == one.gaps.end()) continue;
        html.Raw("<a href=\"#" + Anchor(one.control->id) + "\">").Text(one.control->id).Raw("</a> ");
      }
      html.Raw("</span></li>");
      any = true;
    }
  }
  html.Raw(any ? "</ul>" : "<p>The record lacks nothing that these controls ask of it.</p>").Raw("</section>");
}

void WriteControlList(HtmlWriter& html, const Report& report) {
  html.Raw(
      "<section id=\"controls\"><h2>Controls</h2><div class=\"scroll\"><table><thead><tr><th>control</th><th></th>"
      "<th>shown by</th><th>state</th><th>applies from</th></tr></thead><tbody>");
  for (const Assessment& one : report.assessments) {
    html.Raw("<tr><td><a href=\"#" + Anchor(one.control->id) + "\">").Text(one.control->id).Raw("</a></td>");
    html.Element("td", one.control->title).Element("td", ToString(one.control->automation)).Raw("<td>");
    WriteBadge(html, one.verdict);
    html.Raw("</td><td>").Text(ToString(one.control->applies_from));
    if (!one.applies) html.Raw(" <span class=\"later\">after the period</span>");
    html.Raw("</td></tr>");
  }
  html.Raw("</tbody></table></div></section>");
}

void WriteSampleLinks(HtmlWriter& html, const Assessment& assessment, const std::vector<ProvenSample>& samples) {
  constexpr std::size_t kMost = 4;
  std::vector<std::uint64_t> linked;
  for (const std::string& kind : assessment.samples) {
    for (const ProvenSample& one : samples) {
      if (one.sample.kind != kind || linked.size() == kMost) continue;
      if (std::ranges::find(linked, one.sample.index) == linked.end()) linked.push_back(one.sample.index);
    }
  }
  if (linked.empty()) return;
  html.Raw("<p class=\"samples\">Samples: ");
  for (const std::uint64_t index : linked) {
    const std::string number = std::to_string(index);
    html.Raw("<a href=\"#s-").Raw(number).Raw("\">entry ").Raw(number).Raw("</a> ");
  }
  html.Raw("</p>");
}

void WriteControl(HtmlWriter& html, const Assessment& one, const Report& report,
                  const std::vector<ProvenSample>& samples) {
  const Control& control = *one.control;
  html.Raw("<article id=\"" + Anchor(control.id) + "\"><h3>").Text(control.id).Raw(" ").Text(control.title).Raw(" ");
  WriteBadge(html, one.verdict);
  html.Raw("</h3>").Element("p", control.requirement);
  std::string applies = "Applies from " + ToString(control.applies_from);
  if (!control.applies_note.empty()) applies += " (" + control.applies_note + ")";
  applies += one.applies ? "." : ", after this period.";
  applies +=
      " Text: " + control.text_version + (control.amended_by.empty() ? "" : ", amended by " + control.amended_by);
  html.Raw("<p class=\"applies\">").Text(applies + ". ");
  if (!control.source_url.empty()) html.Raw("<a href=\"").Text(control.source_url).Raw("\">Source</a>");
  html.Raw("</p>");
  if (!one.gaps.empty()) {
    html.Raw("<ul class=\"gaps\">");
    for (const std::string& gap : one.gaps) html.Element("li", gap);
    html.Raw("</ul>");
  }
  if (!control.evidence.empty()) html.Raw("<ul class=\"evidence\">");
  for (const Query query : control.evidence) {
    const std::string name(InfoOf(query).name);
    html.Raw("<li><a href=\"#q-" + name + "\">").Text(InfoOf(query).title).Raw("</a>: ");
    html.Text(report.AnswerOf(query).sentence).Raw("</li>");
  }
  if (!control.evidence.empty()) html.Raw("</ul>");
  if (!control.tags.empty()) {
    html.Element("p",
                 Plural(one.tagged, "exchange was", "exchanges were") + " decided by a rule that names this control.");
  }
  WriteSampleLinks(html, one, samples);
  html.Raw("<p class=\"remains\"><strong>For people:</strong> ").Text(control.remains).Raw("</p></article>");
}

void WriteTable(HtmlWriter& html, const Table& table) {
  html.Element("h4", table.title).Raw("<div class=\"scroll\"><table><thead><tr>");
  for (const std::string& column : table.columns) html.Element("th", column);
  html.Raw("</tr></thead><tbody>");
  for (const auto& row : table.rows) {
    html.Raw("<tr>");
    for (const std::string& cell : row) html.Element("td", cell);
    html.Raw("</tr>");
  }
  html.Raw("</tbody></table></div>");
  if (!table.note.empty()) html.Element("p class=\"applies\"", table.note);
}

void WriteAnswer(HtmlWriter& html, const Answer& answer) {
  const QueryInfo& info = InfoOf(answer.query);
  html.Raw("<article id=\"q-").Raw(info.name).Raw("\">").Element("h3", info.title).Element("p", answer.sentence);
  if (!answer.gaps.empty()) html.Raw("<ul class=\"gaps\">");
  for (const std::string& gap : answer.gaps) html.Element("li", gap);
  if (!answer.gaps.empty()) html.Raw("</ul>");
  if (!answer.figures.empty()) html.Raw("<div class=\"figures\">");
  for (const Figure& figure : answer.figures) {
    html.Raw("<div>").Element("strong", figure.value).Element("span", figure.label).Raw("</div>");
  }
  if (!answer.figures.empty()) html.Raw("</div>");
  for (const Chart& chart : answer.charts) html.Raw(BarChart(chart));
  for (const Table& table : answer.tables) WriteTable(html, table);
  html.Raw("<p class=\"applies\">Read from: ").Text(info.reads).Raw("</p></article>");
}

void WriteSamples(HtmlWriter& html, const std::vector<ProvenSample>& samples) {
  html.Raw(
      "<section id=\"samples\"><h2>Samples</h2><p>Entries as they stand in the record, chosen at random among their "
      "kind. Beside each lies a proof that it is in the log whose checkpoint is in this folder.</p>");
  std::uint64_t last = UINT64_MAX;
  for (const ProvenSample& one : samples) {
    if (one.sample.index == last) continue;
    last = one.sample.index;
    html.Raw("<article id=\"s-" + std::to_string(last) + "\"><h4>Entry ").Text(CountText(last)).Raw(" ");
    html.Element("span class=\"for\"", one.sample.kind).Raw("</h4>");
    if (one.problem.empty()) {
      html.Raw("<p class=\"applies\">").Text(one.file + ".json, " + one.file + ".tlog-proof").Raw("</p>");
    } else {
      html.Element("p class=\"gaps\"", "No proof: " + one.problem);
    }
    html.Element("pre", one.sample.entry).Raw("</article>");
  }
  html.Raw("</section>");
}

void WriteVerification(HtmlWriter& html, const Report& report) {
  html.Raw("<section id=\"verification\"><h2>Verification</h2>");
  html.Element("p",
               report.log.verification.empty()
                   ? "The signature of the checkpoint and the proofs of the samples were checked while this report "
                     "was made; the whole log was not."
                   : report.log.verification);
  html.Raw(
      "<p>Nobody has to trust the gateway for this. In this folder, with Python 3 and OpenSSL:</p>"
      "<pre>python3 verify.py --key key.pem</pre>"
      "<p>It checks the signature of <code>checkpoint</code> and, for each sample, that its bytes lead to the root "
      "hash that was signed (RFC 6962). By hand:</p>"
      "<pre>openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in checkpoint.body -sigfile checkpoint.sig</pre>"
      "<p>Take the key from the operator by another way than this folder, and compare the checkpoint with one that "
      "a witness keeps: only that shows that nothing was cut off at the end.</p><dl class=\"facts\">");
  for (const std::string& key : report.log.keys) WriteFact(html, "Key", key);
  html.Raw("</dl></section>");
}

}  // namespace

std::string Escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': out.append("&amp;"); break;
      case '<': out.append("&lt;"); break;
      case '>': out.append("&gt;"); break;
      case '"': out.append("&quot;"); break;
      case '\'': out.append("&#39;"); break;
      default: out.push_back(c);
    }
  }
  return out;
}

std::string ReportHtml(const Report& report, const std::vector<ProvenSample>& samples) {
  std::string page;
  HtmlWriter html(page);
  html.Raw(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\">"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">");
  html.Element("title", report.framework->title + ", evidence")
      .Raw("<style>")
      .Raw(kReportStyle)
      .Raw("</style></head><body>");
  WriteHead(html, report);
  html.Raw(
      "<nav><a href=\"#summary\">Summary</a> <a href=\"#gaps\">Gaps</a> <a href=\"#controls\">Controls</a> "
      "<a href=\"#evidence\">Evidence</a> <a href=\"#samples\">Samples</a> <a href=\"#verification\">Verification</a>"
      "</nav><main>");
  WriteSummary(html, report);
  WriteGaps(html, report);
  WriteControlList(html, report);
  html.Raw("<section><h2>Control by control</h2>");
  for (const Assessment& one : report.assessments) WriteControl(html, one, report, samples);
  html.Raw("</section><section id=\"evidence\"><h2>Evidence</h2>");
  for (const Answer& answer : report.answers) WriteAnswer(html, answer);
  html.Raw("</section>");
  WriteSamples(html, samples);
  WriteVerification(html, report);
  html.Raw("</main></body></html>\n");
  return page;
}

}  // namespace gatehouse::features::compliance
