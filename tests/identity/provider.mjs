// A real OpenID provider (npm oidc-provider) on loopback, whose keys can be changed and whose network can go away.
import http from 'node:http';
import { Provider } from 'oidc-provider';
import * as jose from 'jose';

const CLIENTS = {
  batch: 'batch-secret',
  gatehouse: 'gate:house&secret',
};

export async function newKey(kid, alg) {
  const { privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  return { ...(await jose.exportJWK(privateKey)), kid, alg, use: 'sig' };
}

export class IdentityProvider {
  #server = http.createServer((request, response) => {
    const path = new URL(request.url, 'http://x').pathname;
    this.requests[path] = (this.requests[path] ?? 0) + 1;
    this.#handle(request, response);
  });
  #handle;
  requests = {};

  // The port stays its own while it is down.
  static async create() {
    const made = new IdentityProvider();
    await new Promise((done) => made.#server.listen(0, '127.0.0.1', done));
    made.port = made.#server.address().port;
    made.issuer = `http://127.0.0.1:${made.port}`;
    return made;
  }

  publish(keys) {
    this.keys = keys;
    const provider = new Provider(this.issuer, {
      clients: Object.entries(CLIENTS).map(([client_id, client_secret]) => ({
        client_id, client_secret, grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
      })),
      jwks: { keys },
      ttl: { ClientCredentials: 300 },
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        introspection: { enabled: true, allowedPolicy: async () => true },
        revocation: { enabled: true, allowedPolicy: async () => true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (context, resource) => ({
            scope: 'chat', audience: 'urn:gatehouse',
            ...(resource === 'urn:opaque' ? { accessTokenFormat: 'opaque' } : { accessTokenFormat: 'jwt', jwt: { sign: { alg: resource.split(':')[1] } } }),
          }),
        },
      },
      extraTokenClaims: () => ({ groups: ['ml'] }),
    });
    this.#handle = provider.callback();
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
  async start() {
    await new Promise((done, failed) => this.#server.once('error', failed).listen(this.port, '127.0.0.1', done));
  }

  async #post(path, form) {
    const basic = Buffer.from(`batch:${CLIENTS.batch}`).toString('base64');
    const response = await fetch(this.issuer + path, {
      method: 'POST', headers: { authorization: `Basic ${basic}`, connection: 'close' }, body: new URLSearchParams(form),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.text();
  }

  // A token that the provider itself issues: signed by that algorithm, or opaque.
  async issue(format) {
    const resource = format === 'opaque' ? 'urn:opaque' : `urn:${format}`;
    return JSON.parse(await this.#post('/token', { grant_type: 'client_credentials', scope: 'chat', resource })).access_token;
  }
  async revoke(token) {
    await this.#post('/token/revocation', { token });
  }

  // A token that is signed here with one of the provider's keys: any header, any claims.
  async sign(kid, { header = {}, claims = {}, without = [] } = {}) {
    const jwk = this.keys.find((key) => key.kid === kid);
    const now = Math.floor(Date.now() / 1000);
    const payload = {
      iss: this.issuer, aud: 'urn:gatehouse', sub: 'alice', client_id: 'web', iat: now, exp: now + 300, scope: 'chat', ...claims,
    };
    for (const name of without) delete payload[name];
    const bytes = new TextEncoder().encode(JSON.stringify(payload));
    return new jose.CompactSign(bytes).setProtectedHeader({ alg: jwk.alg, kid, typ: 'at+jwt', ...header }).sign(await jose.importJWK(jwk, jwk.alg));
  }
}
