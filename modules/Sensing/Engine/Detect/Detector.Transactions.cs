using System.Diagnostics;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Detect.Prefilter;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect;

internal sealed partial class Detector
{
    public AppLayerOptions Limits { get; init; } = new();

    private void InspectTransactions(Packet p, Flow.Flow flow, int direction)
    {
        bool toServer = direction == 0;
        AppProto protocol = flow.App.Spoken;
        BufferEngine[] engines = _rules.App[direction][(int)protocol];
        int[] plain = _rules.AppRules[direction][(int)protocol];
        List<Transaction> transactions = flow.App.Transactions;
        for (int t = 0; t < transactions.Count; t++)
        {
            Transaction tx = transactions[t];
            TransactionInspection done = tx.Inspected(toServer);
            if (done.Done || !tx.Uses(toServer)) continue;
            bool complete = tx.IsComplete(toServer);
            int progress = tx.Progress(toServer);
            _candidateCount = 0;
            NextStamp();
            for (int i = 0; i < done.Count; i++)
                if ((done.PartsAt(i) & TransactionInspection.Finished) == 0) Candidate(done.RuleAt(i));
            for (int i = 0; i < _deferredCount; i++) Candidate(_deferred[i]);
            for (int e = 0; e < engines.Length; e++)
            {
                BufferEngine engine = engines[e];
                if (engine.Matcher == null || !tx.Reached(engine.Buffer, toServer)) continue;
                if (engine.Buffer.Streamed)
                {
                    SearchStreamed(engine, tx, done, toServer, complete);
                    continue;
                }
                // files may come one by one: their names are looked at until the exchange is over
                if (engine.Buffer.Id is not (BufferId.FileName or BufferId.FileMagic) && !done.TryMark(e)) continue;
                for (int instance = 0; tx.TryRead(engine.Buffer.Id, toServer, instance, out ReadOnlySpan<byte> bytes); instance++)
                {
                    if (engine.Transforms.Count > 0) bytes = _transformer.Apply(engine.Transforms, bytes);
                    if (!bytes.IsEmpty) Search(engine, bytes);
                    if (!engine.Buffer.Multi) break;
                }
            }
            if (!PicksUp(p, flow))
                foreach (int rule in plain) Candidate(rule);
            SortCandidates();
            for (int i = 0; i < _candidateCount; i++)
            {
                long started = _timed ? Stopwatch.GetTimestamp() : 0;
                EvaluateOnTransaction(_rules.Rules[_candidates[i]], p, flow, tx, done, toServer, progress, complete);
                if (_timed) _costs!.Add(_candidates[i], started);
            }
            RememberStreamed(tx, done, toServer, complete);
            if (complete) done.Done = true;
        }
    }

    private static int StreamSlot(BufferId buffer) => buffer switch { BufferId.HttpRequestBody => 0, BufferId.HttpResponseBody => 1, _ => 2 };

    /// <summary>Is there enough new body to look at: the first helping is larger, later ones a window each, the last whatever there is.</summary>
    private bool StreamReady(BufferId buffer, Transaction tx, TransactionInspection done, bool toServer, bool complete, out long seen, out long before)
    {
        seen = tx.StreamedBytes(buffer, toServer);
        before = done.Streamed[StreamSlot(buffer)];
        if (seen <= before) return false;
        if (complete || tx.InspectsEveryChunk || tx.BodyEnded(toServer)) return true;
        bool request = buffer == BufferId.HttpRequestBody || buffer == BufferId.FileData && toServer;
        if (before == 0) return seen >= (request ? Limits.HttpRequestMinInspect : Limits.HttpResponseMinInspect);
        return seen - before >= (request ? Limits.HttpRequestWindow : Limits.HttpResponseWindow);
    }

    private void SearchStreamed(BufferEngine engine, Transaction tx, TransactionInspection done, bool toServer, bool complete)
    {
        if (!StreamReady(engine.Buffer.Id, tx, done, toServer, complete, out _, out long before)) return;
        for (int instance = 0; tx.TryRead(engine.Buffer.Id, toServer, instance, out ReadOnlySpan<byte> bytes); instance++)
        {
            int from = engine.Transforms.Count > 0 || instance > 0 || engine.Buffer.Id == BufferId.FileData && toServer ? 0 : Overlap(before, bytes.Length);
            bytes = bytes[from..];
            if (engine.Transforms.Count > 0) bytes = _transformer.Apply(engine.Transforms, bytes);
            if (!bytes.IsEmpty) Search(engine, bytes);
            if (!engine.Buffer.Multi) break;
        }
    }

    private int Overlap(long before, int length) => before == 0 ? 0 : (int)Math.Clamp(before - Limits.HttpResponseWindow / 4, 0, length);

    private void RememberStreamed(Transaction tx, TransactionInspection done, bool toServer, bool complete)
    {
        for (int i = 0; i < 3; i++)
        {
            BufferId buffer = i == 0 ? BufferId.HttpRequestBody : i == 1 ? BufferId.HttpResponseBody : BufferId.FileData;
            if (StreamReady(buffer, tx, done, toServer, complete, out long seen, out _)) done.Streamed[i] = seen;
        }
    }

    private void EvaluateOnTransaction(Rule rule, Packet p, Flow.Flow flow, Transaction tx, TransactionInspection done, bool toServer, int progress, bool complete)
    {
        int at = done.Find(rule.Index);
        if (at >= 0 && (done.PartsAt(at) & TransactionInspection.Finished) != 0) return;
        if (!HeaderFits(rule, p, flow)) return;
        _counters.Evaluations++;
        if (rule.PacketTests.Count > 0 && !PacketTestsFit(rule, p, flow)) return;
        uint matched = at >= 0 ? done.PartsAt(at) : 0;
        bool waiting = false;
        _fromStream = false;
        if (rule.AppEvents.Count > 0 && !EventsFit(rule, tx, toServer)) return;
        _inspector.Captured.Clear();
        foreach (TransactionTest test in rule.Tests)
        {
            TestOutcome outcome = test.Check(tx, p, toServer, complete);
            if (outcome == TestOutcome.Later) waiting = true;
            else if (outcome == TestOutcome.No)
            {
                if (complete) Note(done, rule, at, TransactionInspection.Finished);
                return;
            }
        }
        foreach (Part part in rule.Parts)
        {
            uint bit = 1u << part.Number;
            if ((matched & bit) != 0) continue;
            bool fits;
            bool later = false;
            if (part.Buffer == BufferId.Payload)
            {
                fits = PayloadFits(rule, part, p);
                later = !complete;
            }
            else
            {
                BufferDescriptor buffer = BufferTable.Of(part.Buffer);
                if (!tx.Reached(buffer, toServer))
                {
                    waiting = true;
                    continue;
                }
                fits = buffer.Packet ? PacketBufferFits(part, p) : BufferFits(part, buffer, tx, done, toServer, complete);
                later = !complete && (buffer.Streamed || part.Test != null || buffer.Id is BufferId.FileName or BufferId.FileMagic);
            }
            if (fits)
            {
                matched |= bit;
                continue;
            }
            if (later)
            {
                waiting = true;
                continue;
            }
            if (at < 0 && matched == 0 && !waiting) return; // never noted, nothing to remember
            Note(done, rule, at, TransactionInspection.Finished);
            return;
        }
        if (waiting)
        {
            Note(done, rule, at, matched);
            return;
        }
        if (!StepsHold(rule, p, flow)) return;
        Note(done, rule, at, TransactionInspection.Finished);
        Match(rule, p, flow, tx, _fromStream);
    }

    private static void Note(TransactionInspection done, Rule rule, int at, uint state)
    {
        if (at < 0) at = done.Add(rule.Index);
        done.PartsAt(at) = state;
    }

    private static bool EventsFit(Rule rule, Transaction tx, bool toServer)
    {
        foreach (string name in rule.AppEvents)
        {
            bool found = false;
            for (int i = 0; i < tx.Events.Count; i++)
            {
                // at a flow's end the client's side is looked at before what the server said last
                if (toServer && tx.EventsBeforeEnd >= 0 && i >= tx.EventsBeforeEnd && !tx.Events[i].ToServer) break;
                found |= string.Equals(tx.Events[i].Name, name, StringComparison.OrdinalIgnoreCase);
            }
            if (!found) return false;
        }
        return true;
    }

    private bool BufferFits(Part part, BufferDescriptor buffer, Transaction tx, TransactionInspection done, bool toServer, bool complete)
    {
        if (part.Test != null) return part.Test.Fits(tx, toServer);
        _inspector.Transaction = tx;
        _inspector.ToServer = toServer;
        _inspector.PacketLittleEndian = tx.LittleEndian;
        _inspector.StreamOffset = 0;
        _inspector.AtEnd = !buffer.Streamed || complete;
        long before = 0;
        if (buffer.Streamed && !StreamReady(buffer.Id, tx, done, toServer, complete, out _, out before) && !complete) return false;
        int instance = 0;
        for (; tx.TryRead(buffer.Id, toServer, instance, out ReadOnlySpan<byte> bytes); instance++)
        {
            _inspector.Instance = instance;
            int from = buffer.Streamed && part.Transforms.Count == 0 && instance == 0 && !(buffer.Id == BufferId.FileData && toServer) ? Overlap(before, bytes.Length) : 0;
            bytes = bytes[from..];
            _inspector.StreamOffset = from;
            if (part.Transforms.Count > 0) bytes = _transformer.Apply(part.Transforms, bytes);
            if (_inspector.Matches(part.Compiled, bytes)) return true;
            if (!buffer.Multi) return false;
        }
        // absent altogether: a purely negative part holds for some buffers
        return instance == 0 && AllNegated(part) && !buffer.Multi && buffer.Id is not BufferId.None && AbsentCountsAsEmpty(buffer.Id) && _inspector.Matches(part.Compiled, default);
    }

    private static bool AbsentCountsAsEmpty(BufferId buffer) => false;

    private static bool AllNegated(Part part)
    {
        foreach (Term term in part.Compiled)
            if (!term.Negated) return false;
        return part.Compiled.Length > 0;
    }
}
