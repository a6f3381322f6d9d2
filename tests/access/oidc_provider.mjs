// A provider of OpenID Connect, of npm's oidc-provider, on this machine. Reads one line of JSON: {port, key, alg, inToken, clients,
// accounts}; prints "ready" once it listens, and ends with its input.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { generateKeyPairSync } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const package_ = process.env.STELE_SOURCE_DIR + '/build/node/node_modules/oidc-provider/lib/index.js';
const { default: Provider } = await import(pathToFileURL(package_));

const input = createInterface({ input: process.stdin });
const asked = JSON.parse(await new Promise((resolve) => input.once('line', resolve)));
input.once('close', () => process.exit(0));

const { privateKey } = asked.alg.startsWith('ES') ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
  : generateKeyPairSync('rsa', { modulusLength: 2048 });
const provider = new Provider(`http://localhost:${asked.port}`, {
  clients: asked.clients.map((one) => ({ id_token_signed_response_alg: asked.alg, ...one })),
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: asked.key, use: 'sig' }] },
  claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups', 'realm_access'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: !asked.inToken,
  cookies: { keys: ['of a test'] },
  findAccount: (_, id) => asked.accounts[id] && { accountId: id, claims: () => ({ sub: id, ...asked.accounts[id] }) },
  pkce: { required: () => true, methods: ['S256'] },
});
provider.on('server_error', (_, error) => console.error(error));
createServer(provider.callback()).listen(asked.port, 'localhost', () => console.log('ready'));
