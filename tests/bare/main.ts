import { notes } from "../support/contract.ts";
import { connect, loadIdentity, openRoom } from "../../src/realtime/index.ts";
import { describeError } from "../../src/realtime/words.ts";

function show(text: string) {
  document.body.appendChild(document.createElement("p")).textContent = text;
}
const me = loadIdentity();
const connection = connect(me.clientId);
connection.onStatus((status) => show(describeError(status)?.title ?? status.state));

const profile = { name: me.name };
const room = openRoom(
  connection,
  notes,
  "lobby",
  { profile },
  {
    message: ({ clientId, content }) => show(`${clientId}: ${JSON.stringify(content?.data)}`),
    members: (members) => (document.title = `${members.length} here`),
  },
);
document.onclick = () => void room.send("note", { text: "hi" });
