using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Ftp;

internal sealed class FtpDataTransaction(FtpExpectation what) : Transaction
{
    public override int Complete => 5;

    /// <summary>Does the file go to the server?</summary>
    public bool Stores => System.Text.Ascii.EqualsIgnoreCase(what.Command, "STOR"u8);

    public override bool InspectsEveryChunk => true;
    public override bool RecordFollowsFlow => true;

    public override bool RecordHasNumber => true;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (index > 0) return false;
        if (Files.Count > 0 && Files[0].ToServer == toServer) bytes = buffer == BufferId.FileData ? Files[0].Bytes.Span : buffer == BufferId.FileName ? Files[0].Name : default;
        return !bytes.IsEmpty;
    }

    public override long StreamedBytes(BufferId buffer, bool toServer) => Files.Count > 0 && Files[0].ToServer == toServer ? Files[0].Size : 0;

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("ftp_data"u8);
        to.Text("filename"u8, what.File);
        to.Text("command"u8, Stores ? "STOR"u8 : "RETR"u8);
        to.Close();
        return true;
    }
}

/// <summary>A data connection of FTP: all of it is one file.</summary>
internal sealed class FtpDataParser(AppState state) : AppParser
{
    private FtpDataTransaction? _tx;

    public override AppProto Protocol => AppProto.FtpData;

    public override bool Gap(ParseContext context, bool toServer, int size)
    {
        if (_tx is { Files.Count: > 0 }) _tx.Files[0].Gaps = true;
        return true;
    }

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        var what = state.Expectation as FtpExpectation ?? new FtpExpectation([], [], false);
        if (bytes.Length > 0)
        {
            if (_tx == null)
            {
                _tx = state.Add(new FtpDataTransaction(what) { ProgressToServer = 3, ProgressToClient = 3 });
                var file = new AppFile();
                file.Open(what.File, toServer, context.Options.Files, true);
                _tx.Files.Add(file);
            }
            if (_tx.Files.Count > 0 && _tx.Files[0].ToServer == toServer) _tx.Files[0].Append(bytes);
        }
        // a transaction whose record is written has given its file up: a second end of the stream changes nothing
        if (_tx is { Files.Count: > 0 } && (marks & StreamMarks.Eof) != 0 && _tx.Files[0].ToServer == toServer)
        {
            _tx.Files[0].Close(true);
            _tx.ProgressToServer = _tx.ProgressToClient = _tx.Complete;
        }
        return bytes.Length;
    }
}
