import { use, useState } from "react";
import { accounts, chooseAccount, chosenAccount, pastedToken, pasteToken } from "./session.js";

const NOT_SIGNED_IN = "";

function DemoAccounts({ offered }) {
  const known = offered.some((account) => account.username === chosenAccount());
  const [choice, setChoice] = useState(known ? chosenAccount() : NOT_SIGNED_IN);
  const pick = (event) => {
    chooseAccount(event.target.value);
    setChoice(event.target.value);
  };
  return (
    <div className="account">
      <label htmlFor="account">Run as</label>
      <select id="account" value={choice} onChange={pick}>
        <option value={NOT_SIGNED_IN}>browser session, or nobody</option>
        {offered.map(({ username, description }) => (
          <option key={username} value={username}>
            {description ? `${username}: ${description}` : username}
          </option>
        ))}
      </select>
    </div>
  );
}

function BearerToken() {
  const [token, setToken] = useState(pastedToken());
  const paste = (event) => {
    pasteToken(event.target.value);
    setToken(event.target.value);
  };
  return (
    <div className="account">
      <label htmlFor="token">Bearer token</label>
      <input
        id="token"
        type="password"
        value={token}
        onChange={paste}
        placeholder="paste a bearer token"
        autoComplete="off"
        spellCheck={false}
      />
    </div>
  );
}

/** Lets the user choose the account of the next operation. */
export function AccountPicker() {
  const offered = use(accounts);
  return (
    <>
      {offered ? <DemoAccounts offered={offered} /> : <BearerToken />}
      <a href="oauth/sign-in?to=/graphql">Sign in</a>
    </>
  );
}
