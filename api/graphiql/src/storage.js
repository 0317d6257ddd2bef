// GraphiQL stores its state (open tabs, history, theme) in localStorage.
// Its history would also contain the request headers, and so a pasted token;
// this storage removes them from everything it writes.

function withoutHeaders(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  if (typeof value !== "object") return text;
  return JSON.stringify(value, (key, part) => (key === "headers" ? null : part));
}

const ownKeys = () => Object.keys(localStorage).filter((key) => key.startsWith("graphiql:"));

export const storage = {
  get length() {
    return ownKeys().length;
  },
  getItem: (key) => localStorage.getItem(key),
  setItem: (key, text) => {
    if (key !== "graphiql:headers") localStorage.setItem(key, withoutHeaders(text));
  },
  removeItem: (key) => localStorage.removeItem(key),
  clear: () => ownKeys().forEach((key) => localStorage.removeItem(key)),
};
