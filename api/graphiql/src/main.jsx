import "./workers.js";
import "graphiql/style.css";
import "./fonts.css";
import "./style.css";
import { Suspense } from "react";
import { createRoot } from "react-dom/client";
import { GraphiQL } from "graphiql";
import { AccountPicker } from "./accounts.jsx";
import { examples } from "./examples.js";
import { ExamplesMenu } from "./examples_menu.jsx";
import { fetcher } from "./fetcher.js";
import icon from "./icon.svg";
import { storage } from "./storage.js";

const FIRST_TABS = examples.map(({ query }) => ({ query }));
const NEW_TAB = "# Ctrl+Space: gợi ý / completion. Ctrl+Enter: chạy / run.\n";

function Page() {
  return (
    <>
      <header className="bar">
        <img src={new URL(icon, import.meta.url).href} alt="" width="28" height="28" />
        <h1>sangkien</h1>
        <Suspense fallback={null}>
          <AccountPicker />
        </Suspense>
      </header>
      <main className="ide">
        <GraphiQL
          fetcher={fetcher}
          storage={storage}
          defaultTabs={FIRST_TABS}
          defaultQuery={NEW_TAB}
          shouldPersistHeaders={false}
          showPersistHeadersSettings={false}
        >
          <GraphiQL.Logo>
            <></>
          </GraphiQL.Logo>
          <GraphiQL.Toolbar>
            {({ prettify, merge, copy }) => (
              <>
                <ExamplesMenu />
                {prettify}
                {merge}
                {copy}
              </>
            )}
          </GraphiQL.Toolbar>
        </GraphiQL>
      </main>
    </>
  );
}

// Monaco measures its font once, so the font must be loaded first.
await document.fonts.load('16px "Fira Code"', "aữ").catch(() => []);

createRoot(document.getElementById("root")).render(<Page />);
