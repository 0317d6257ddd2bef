// A certified OpenID provider, configured by a JSON text on standard input. It signs in every
// account in `accounts`, with any password, and issues access tokens as JWTs for `audience`.
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { Provider } from 'oidc-provider';

const given = JSON.parse(readFileSync(0, 'utf8'));

const provider = new Provider(given.issuer, {
  clients: given.clients,
  jwks: { keys: given.keys },
  cookies: { keys: ['of no importance'] },
  scopes: ['openid', 'email', 'sangkien.read', 'sangkien.write'],
  claims: { openid: ['sub', 'amr'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: given.claims_by_userinfo,
  enabledJWA: {
    idTokenSigningAlgValues: ['ES256', 'RS256'],
  },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'sangkien.read sangkien.write',
        audience: given.audience,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 7200,
        jwt: { sign: { alg: given.algorithm } },
      }),
    },
  },
  extraTokenClaims: (_, token) => {
    const amr = given.accounts[token.accountId]?.amr;
    return amr ? { amr } : {};
  },
  findAccount: (_, id) =>
    given.accounts[id] && {
      accountId: id,
      claims: () => ({ sub: id, ...given.accounts[id] }),
    },
});

// The provider's own sign-in page does not record the method, so `amr` is set here.
provider.use(async (context, next) => {
  if (context.method === 'POST' && context.path.startsWith('/interaction/')) {
    const { prompt } = await provider.interactionDetails(context.req, context.res);
    if (prompt.name === 'login') {
      const accountId = new URLSearchParams(await text(context.req)).get('login');
      const login = { accountId, amr: given.accounts[accountId]?.amr };
      context.respond = false;
      await provider.interactionFinished(context.req, context.res, { login });
      return;
    }
  }
  await next();
});

provider.listen(new URL(given.issuer).port, '127.0.0.1', () => console.log('listening'));
