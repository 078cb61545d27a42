// A real mail server (npm smtp-server) on loopback, which keeps what it is given and refuses what it is told to.
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

function refusal(text) {
  const [code, ...words] = text.split(' ');
  return Object.assign(new Error(words.join(' ')), { responseCode: Number(code) });
}

export class MailServer {
  mails = []; // { from, to, user, secure, raw, mail }
  refuse = {}; // 'mail', 'data', or an address -> '550 5.1.1 words'; taken away by whoever put it there
  hangs = false;

  static async create(options) {
    const made = new MailServer();
    made.#server = new SMTPServer({
      name: 'mail.test', closeTimeout: 100, logger: false, ...options,
      onConnect: (session, done) => { if (!made.hangs) done(); },
      onAuth: (auth, session, done) => {
        if (auth.username === 'gatehouse' && auth.password === 'mail-password') return done(null, { user: `${auth.username} by ${auth.method}` });
        return done(refusal(`535 5.7.8 no: ${auth.password}`)); // as careless as servers can be
      },
      onMailFrom: (address, session, done) => done(made.refuse.mail ? refusal(made.refuse.mail) : null),
      onRcptTo: (address, session, done) => done(made.refuse[address.address] ? refusal(made.refuse[address.address]) : null),
      onData: async (stream, session, done) => {
        const pieces = [];
        for await (const piece of stream) pieces.push(piece);
        if (made.refuse.data) return done(refusal(made.refuse.data));
        const raw = Buffer.concat(pieces).toString('latin1');
        made.mails.push({
          from: session.envelope.mailFrom.address, to: session.envelope.rcptTo.map((one) => one.address), user: session.user,
          secure: session.secure, hello: session.hostNameAppearsAs, raw, mail: await simpleParser(raw),
        });
        return done(null, '2.0.0 queued');
      },
    });
    made.#server.on('error', () => {}); // connections that break are what is tested
    await new Promise((listening) => made.#server.listen(0, '127.0.0.1', listening));
    made.port = made.#server.server.address().port;
    return made;
  }
  #server;

  stop() {
    return new Promise((done) => this.#server.close(done));
  }
}
