using System.Globalization;
using System.Text;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Ftp;
using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>ftpbounce: a PORT command that names another host than the one that sends it (RFC 959, 4.1.2).</summary>
internal sealed class FtpBounceTest : TransactionTest
{
    public override AppProto[] Protocols => [AppProto.Ftp];

    public override TestOutcome Check(Transaction tx, Packet p, bool toServer, bool complete)
    {
        if (tx is not FtpTransaction ftp || !ftp.Command.AsSpan().SequenceEqual("PORT"u8)) return complete ? TestOutcome.No : TestOutcome.Later;
        string[] numbers = Encoding.ASCII.GetString(ftp.Argument).Split(',');
        uint address = 0;
        if (numbers.Length < 4) return TestOutcome.No;
        for (int i = 0; i < 4; i++)
        {
            if (!byte.TryParse(numbers[i].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out byte part)) return TestOutcome.No;
            address = address << 8 | part;
        }
        IpAddress sender = p.Flow?.Client ?? p.Source_;
        return sender.IsV4 && sender.V4 != address ? TestOutcome.Yes : TestOutcome.No;
    }
}
