using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Pgsql;

/// <summary>A request and what the server said to it, as a list of keys and values in the order they came.</summary>
internal sealed class PgsqlTransaction : Transaction
{
    internal readonly record struct Fact(byte[] Key, byte[]? Text, long Number);

    public bool IsStartup, HasAnswer, SslAccepted, SslAsked, ShowPassword;
    public readonly List<Fact> Request = new(2), Answer = new(4);
    public readonly List<(byte[] Name, byte[] Value)> Startup = new(0), Parameters = new(0);
    public byte[]? User, Password;
    public long Rows, RowBytes;
    public int Fields = -1;

    public override int Complete => 1;
    public override bool RecordFollowsFlow => true;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return false;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        if (inAlert) return false;
        to.Open("pgsql"u8);
        to.Number("tx_id"u8, Id + 1);
        to.Open("request"u8);
        foreach (Fact fact in Request) Write(to, fact);
        if (IsStartup)
        {
            to.Open("startup_parameters"u8);
            if (User != null) to.Text("user"u8, User);
            if (Startup.Count > 0) Pairs(to, "optional_parameters"u8, Startup);
            to.Close();
        }
        if (Password != null && ShowPassword) to.Text("password"u8, Password);
        to.Close();
        if (HasAnswer)
        {
            to.Open("response"u8);
            if (SslAsked) to.Bool("ssl_accepted"u8, SslAccepted);
            bool status = false;
            foreach (Fact fact in Answer)
            {
                // what the server reports about the session stands before the keys to cancel it
                if (!status && fact.Key.AsSpan().SequenceEqual("process_id"u8)) status = Status(to);
                Write(to, fact);
            }
            if (!status) Status(to);
            to.Close();
        }
        to.Close();
        return true;
    }

    private bool Status(EveWriter to)
    {
        if (Parameters.Count > 0) Pairs(to, "parameter_status"u8, Parameters);
        return true;
    }

    private void Write(EveWriter to, Fact fact)
    {
        if (fact.Key.AsSpan().SequenceEqual("field_count"u8))
        {
            to.Number("field_count"u8, fact.Number);
            if (Rows == 0) return;
            to.Number("data_rows"u8, Rows);
            to.Number("data_size"u8, RowBytes);
        }
        else if (fact.Text != null) to.Text(fact.Key, fact.Text);
        else to.Number(fact.Key, fact.Number);
    }

    private static void Pairs(EveWriter to, ReadOnlySpan<byte> key, List<(byte[] Name, byte[] Value)> pairs)
    {
        to.OpenArray(key);
        foreach (var (name, value) in pairs)
        {
            to.OpenItem();
            to.NamedText(name, value);
            to.Close();
        }
        to.CloseArray();
    }
}
