using System.Buffers.Binary;
using Appliance.Sensing.Engine.AppLayer.Frames;

namespace Appliance.Sensing.Engine.AppLayer.Smb;

/// <summary>Frames: the session service's message, and in it the SMB messages with their headers and what follows these.</summary>
internal sealed partial class SmbParser
{
    private const int HeaderOne = 32, HeaderTwo = 64, HeaderThree = 52;

    private static void MarkSession(ParseContext context, bool toServer, int at, int length)
    {
        context.Frame(FrameType.NbssPdu, toServer, at, 4 + length);
        context.Frame(FrameType.NbssHdr, toServer, at, 4);
        context.Frame(FrameType.NbssData, toServer, at + 4, length);
    }

    /// <param name="context">Takes the frames.</param>
    /// <param name="toServer">Which way the message goes.</param>
    /// <param name="at">Where the session service's header is.</param>
    /// <param name="length">Of the message behind that header.</param>
    /// <param name="message">As much of the message as has come.</param>
    private static void MarkFrames(ParseContext context, bool toServer, int at, int length, ReadOnlySpan<byte> message)
    {
        MarkSession(context, toServer, at, length);
        at += 4;
        if (message[0] == 0xff) Mark(context, toServer, FrameType.Smb1Pdu, at, length, HeaderOne);
        else if (message[0] == 0xfd) Mark(context, toServer, FrameType.Smb3Pdu, at, length, HeaderThree);
        for (int guard = 0; guard < 64 && message[0] == 0xfe && message.Length >= HeaderTwo; guard++)
        {
            uint next = BinaryPrimitives.ReadUInt32LittleEndian(message[20..]);
            bool last = next < HeaderTwo || next >= length;
            int one = last ? length : (int)next;
            Mark(context, toServer, FrameType.Smb2Pdu, at, one, HeaderTwo);
            if (last || one >= message.Length) return;
            message = message[one..];
            at += one;
            length -= one;
        }
    }

    /// <summary>Message, header and data follow each other in the list of types.</summary>
    private static void Mark(ParseContext context, bool toServer, FrameType pdu, int at, int length, int header)
    {
        context.Frame(pdu, toServer, at, length);
        if (length < header) return;
        context.Frame(pdu + 1, toServer, at, header);
        if (length > header) context.Frame(pdu + 2, toServer, at + header, length - header);
    }
}
