// The account of this browser tab. The choice is stored in sessionStorage: it ends
// with the tab, and a token is never written to a URL or to localStorage.

const CHOICE = "sangkien:account";
const PASTED = "sangkien:token";

/**
 * The demo accounts that the server offers, or null where it offers none.
 * @returns {Promise<{username: string, description: string, token: string}[] | null>}
 */
async function fetchAccounts() {
  try {
    const response = await fetch("demo/accounts", {
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(10_000),
    });
    const found = response.ok ? await response.json() : null;
    return Array.isArray(found) && found.length > 0 ? found : null;
  } catch {
    return null;
  }
}

/** Fetched once per page: requests wait for it, so the first one has its token. */
export const accounts = fetchAccounts();

export const chosenAccount = () => sessionStorage.getItem(CHOICE) ?? "";
export const chooseAccount = (username) => sessionStorage.setItem(CHOICE, username);

export const pastedToken = () => sessionStorage.getItem(PASTED) ?? "";
export const pasteToken = (text) =>
  sessionStorage.setItem(PASTED, text.trim().replace(/^bearer\s+/i, ""));

/** The value of the Authorization header of the next request, or null. */
export async function authorization() {
  const offered = await accounts;
  const token = offered
    ? offered.find((account) => account.username === chosenAccount())?.token
    : pastedToken();
  return token ? `Bearer ${token}` : null;
}
