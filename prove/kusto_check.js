// Lets Microsoft's own parser check KQL: reads {"tables": {name: "col:type, …"}, "queries": {name: text}} on standard
// input, writes {"name": ["message", …]} for every query. Needs the npm package @kusto/language-service-next.
const path = require("path");
const root = process.argv[2];
require(path.join(root, "node_modules/@kusto/language-service-next/bridge.min.js"));
require(path.join(root, "node_modules/@kusto/language-service-next/Kusto.Language.Bridge.min.js"));
const Language = globalThis.Kusto.Language;
const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
const tables = Object.entries(given.tables).map(
  ([name, columns]) => new Language.Symbols.TableSymbol.$ctor7(name, `(${columns})`, null));
const database = new Language.Symbols.DatabaseSymbol.ctor("logs", tables);
const globals = Language.GlobalState.Default.WithDatabase(database);
const answer = {};
for (const [name, query] of Object.entries(given.queries)) {
  const code = Language.KustoCode.ParseAndAnalyze(query, globals);
  const found = code.GetDiagnostics();
  answer[name] = [];
  for (let i = 0; i < found.Count; i++) {
    const one = found.getItem(i);
    answer[name].push(`${one.Code || one.getCode()} at ${one.Start}: ${one.Message || one.getMessage()}`);
  }
}
process.stdout.write(JSON.stringify(answer));
