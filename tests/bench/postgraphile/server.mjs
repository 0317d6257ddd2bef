// PostGraphile behind HTTP, in one process or several: node server.mjs CONFIG
// CONFIG is a file of the benchmark: database, port, keys, and the settings of each account.
import cluster from "node:cluster";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

import { grafserv } from "grafserv/node";
import { createLocalJWKSet, jwtVerify } from "jose";
import { postgraphile } from "postgraphile";

import { preset } from "./preset.mjs";

const config = JSON.parse(readFileSync(process.argv[2], "utf8"));

if (cluster.isPrimary && config.processes > 1) {
  for (let process_ = 0; process_ < config.processes; process_ += 1) cluster.fork();
  process.on("SIGTERM", () => process.exit(0));
  process.on("disconnect", () => process.exit(0));
} else {
  await serve();
}

async function serve() {
  const keys = createLocalJWKSet({ keys: config.keys });
  const verified = new Map(); // as our own server does: a token's signature is checked once

  async function principalOf(request) {
    const token = (request.headers.authorization ?? "").replace(/^Bearer /, "");
    let known = verified.get(token);
    if (known === undefined) {
      const { payload } = await jwtVerify(token, keys, {
        issuer: config.issuer,
        audience: config.audience,
        algorithms: ["ES256"],
        typ: "at+jwt",
      });
      known = { settings: config.settings[payload.sub], expires: payload.exp * 1000 };
      verified.set(token, known);
    }
    if (known.expires < Date.now()) throw new Error("the token has expired");
    return known.settings;
  }

  const server = createServer();
  const instance = postgraphile(preset(config, principalOf)).createServ(grafserv);
  await instance.addTo(server);
  server.keepAliveTimeout = 60_000;
  server.listen(config.port, "127.0.0.1");
}
