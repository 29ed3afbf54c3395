import { notes } from "../support/contract.ts";
import { connect, loadIdentity, openRoom } from "../../src/realtime/index.ts";
import { type Problem, describeError, describeRoomError } from "../../src/realtime/words.ts";

const add = () => document.body.appendChild(document.createElement("p"));
const [ofConnection, ofRoom] = [add(), add()];
const explain = (problem?: Problem) => (problem ? `${problem.title}: ${problem.detail}` : "");

const me = loadIdentity();
const connection = connect(me.clientId);
connection.onStatus((status) => (ofConnection.textContent = explain(describeError(status))));

const room = openRoom(
  connection,
  notes,
  "bare",
  { profile: { name: me.name } },
  {
    message: ({ clientId, content }) => add().append(clientId, ": ", JSON.stringify(content?.data)),
    members: (members) => (document.title = `${members.length} here`),
    status: (status) => (ofRoom.textContent = explain(describeRoomError(status))),
  },
);
document.onclick = () => void room.send("note", { text: "hi" });
