// Log in and out, and follow an invitation. What the link carries stands behind its #, which browsers send to nobody.
'use strict';

const part = (id) => document.getElementById(id);
const linked = new URLSearchParams(location.hash.slice(1));

function show(id, message = '') {
  for (const one of ['login', 'join', 'secret', 'known']) part(one).hidden = one !== id;
  part('provider').hidden = id !== 'login' || !provider;
  part('leave').hidden = true;
  part('message').textContent = message;
}

let csrf = '';
let provider = false;

async function ask(method, path, body) {
  const headers = { 'Content-Type': 'application/json', 'Stele-CSRF': csrf };
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), credentials: 'same-origin' });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error?.message ?? `the server answers ${answer.status}`);
  return told;
}

function known(session) {
  csrf = session.csrf ?? '';
  show('known');
  part('who').textContent = `${session.name}, ${session.role}`;
}

// Draws rows of "0" and "1"; cameras want four modules of light around them.
function draw(rows) {
  const dark = rows.flatMap((row, y) => [...row].map((one, x) => (one === '1' ? `M${x} ${y}h1v1h-1z` : '')));
  part('qr').setAttribute('viewBox', `-4 -4 ${rows.length + 8} ${rows.length + 8}`);
  part('qr').querySelector('path').setAttribute('d', dark.join(''));
}

// Does what a form or a button asks for, and says what went wrong.
function on(id, event, work) {
  part(id).addEventListener(event, async (happened) => {
    happened.preventDefault();
    part('message').textContent = '';
    try {
      await work();
    } catch (error) {
      part('message').textContent = error.message;
    }
  });
}

on('login', 'submit', async () => {
  const session = await ask('POST', '/api/v1/login', Object.fromEntries(new FormData(part('login'))));
  part('login').reset();
  known(session);
});

on('join', 'submit', async () => {
  const given = Object.fromEntries(new FormData(part('join')));
  const invitation = linked.get('setup') ?? linked.get('invitation');
  const body = linked.has('setup') ? { ...given, invitation } : { password: given.password, invitation };
  const joined = await ask('POST', '/api/v1/join', body);
  history.replaceState(null, '', '/login');
  part('code').textContent = joined.secret;
  part('uri').href = joined.uri;
  draw(joined.qr);
  part('join').reset();
  show('secret');
});

on('done', 'click', async () => {
  part('code').textContent = '';
  part('uri').removeAttribute('href');
  draw([]);
  show('login');
});

on('logout', 'click', async () => {
  const out = await ask('POST', '/api/v1/logout', {});
  show('login');
  if (!out.provider_logout) return;
  part('leave').querySelector('a').href = out.provider_logout;
  part('leave').hidden = false;
});

if (linked.has('setup') || linked.has('invitation')) {
  for (const one of document.querySelectorAll('.first')) {
    one.hidden = !linked.has('setup');
    one.querySelector('input').required = linked.has('setup');
  }
  show('join', linked.has('setup') ? 'You are the first: you become an owner.' : 'Choose a password.');
} else {
  ask('GET', '/api/v1/session').then(known, () => show('login'));
}

// By the URL at which the provider knows this server: the cookie of a login that is begun goes there alone.
ask('GET', '/api/v1/login/ways').then((ways) => {
  if (!ways.provider) return;
  provider = true;
  const link = part('provider').querySelector('a');
  link.href = ways.provider.url;
  link.textContent = ways.provider.label;
  part('provider').hidden = part('login').hidden;
}, () => {});
