using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Smtp;

/// <summary>The email object of records.</summary>
internal sealed partial class MailReader
{
    public void WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("email"u8);
        to.Text("status"u8, _failed ? "PARSE_ERROR"u8 : _complete ? "PARSE_DONE"u8 : _bodyStarted ? "BODY_STARTED"u8 : !_inHeaders ? "HEADER_DONE"u8 : _first ? "HEADER_READY"u8 : "HEADER_STARTED"u8);
        if (TryHeader("from"u8, out byte[] value) && Utf8.IsValid(value)) to.Text("from"u8, value);
        List("to"u8, "to"u8, true, to);
        List("cc"u8, "cc"u8, true, to);
        // of the parts only those right below: of the message, or of the part in which it was cut off
        Part top = _ended && _complete ? _part ?? _message : Here;
        if (top.Urls is { Count: > 0 } urls)
        {
            bool address = false, program = false;
            foreach (byte[] url in urls)
            {
                address |= UrlFinder.IsAddress(url);
                program |= UrlFinder.IsProgram(url);
            }
            // addresses of both families are told under the one key, as readers of these records know it
            to.Bool("has_ipv6_url"u8, address);
            to.Bool("has_ipv4_url"u8, false);
            to.Bool("has_exe_url"u8, program);
        }
        Attachments(top, to);
        Urls(top, to);
        foreach (MailField field in options.Fields)
        {
            byte[] name = Encoding.ASCII.GetBytes(field.Header), key = Encoding.ASCII.GetBytes(field.Key);
            if (field.Array) List(key, name, field.SplitsAtComma, to);
            else if (TryHeader(name, out value) && value.Length > 0) to.Text(key, value);
        }
        if (!inAlert) Digests(to);
        to.Close();
    }

    private void Digests(EveWriter to)
    {
        if (options.ShowSubjectMd5 && TryHeader("subject"u8, out byte[] subject) && subject.Length > 0) to.Text("subject_md5"u8, Convert.ToHexStringLower(MD5.HashData(subject)));
        if (options.ShowBodyMd5 && _bodyMd5 != null) to.Text("body_md5"u8, _bodyMd5);
    }

    private static void Attachments(Part top, EveWriter to)
    {
        bool any = false;
        foreach (Part part in top.Children)
        {
            if (part.Name == null) continue;
            if (!any) to.OpenArray("attachment"u8);
            any = true;
            to.Item(part.Name);
        }
        if (any) to.CloseArray();
    }

    private static void Urls(Part top, EveWriter to)
    {
        bool any = false;
        for (int i = -1; i < top.Children.Count; i++)
        {
            Part part = i < 0 ? top : top.Children[i];
            foreach (byte[] url in part.Urls ?? [])
            {
                if (!any) to.OpenArray("url"u8);
                any = true;
                to.Item(url);
            }
        }
        if (any) to.CloseArray();
    }

    /// <summary>The value of the last header of a name.</summary>
    private bool TryHeader(ReadOnlySpan<byte> lowerName, out byte[] value)
    {
        for (int i = _headers.Count - 1; i >= 0; i--)
            if (_headers[i].Name.AsSpan().SequenceEqual(lowerName))
            {
                value = _headers[i].Value;
                return value.Length > 0;
            }
        value = [];
        return false;
    }

    private void List(ReadOnlySpan<byte> key, ReadOnlySpan<byte> lowerName, bool splits, EveWriter to)
    {
        bool any = false;
        for (int i = _headers.Count - 1; i >= 0; i--)
        {
            if (!_headers[i].Name.AsSpan().SequenceEqual(lowerName)) continue;
            ReadOnlySpan<byte> rest = _headers[i].Value;
            while (!rest.IsEmpty)
            {
                int comma = splits ? rest.IndexOf((byte)',') : -1;
                ReadOnlySpan<byte> one = (comma < 0 ? rest : rest[..comma]).Trim(" \t"u8);
                rest = comma < 0 ? default : rest[(comma + 1)..];
                if (one.IsEmpty) continue;
                if (!any) to.OpenArray(key);
                any = true;
                to.Item(one);
            }
            if (splits) break;
        }
        if (any) to.CloseArray();
    }
}
