import { pick, ToolbarMenu, UnStyledButton, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { examples } from "./examples.js";

const Book = () => (
  <svg className="graphiql-toolbar-icon" viewBox="0 0 24 24" aria-hidden="true">
    <path
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinejoin="round"
      d="M12 6.2C10 4.8 7 4.4 3.5 4.6v13.6c3.5-.2 6.5.2 8.5 1.6 2-1.4 5-1.8 8.5-1.6V4.6C17 4.4 14 4.8 12 6.2zm0 0v13.6"
    />
  </svg>
);

/** Opens an example query in a new tab, also after its first tab was closed. */
export function ExamplesMenu() {
  const { addTab } = useGraphiQLActions();
  const { queryEditor } = useGraphiQL(pick("queryEditor"));
  const open = (query) => {
    addTab();
    queryEditor?.setValue(query);
  };
  const button = (
    <UnStyledButton className="graphiql-toolbar-button" aria-label="Examples" title="Examples">
      <Book />
    </UnStyledButton>
  );
  return (
    <ToolbarMenu button={button}>
      {examples.map(({ title, query }) => (
        <ToolbarMenu.Item key={title} onSelect={() => open(query)}>
          {title}
        </ToolbarMenu.Item>
      ))}
    </ToolbarMenu>
  );
}
