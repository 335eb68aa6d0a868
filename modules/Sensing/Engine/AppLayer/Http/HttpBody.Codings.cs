using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Http;

/// <summary>Content codings (RFC 9110 section 8.4), undone layer by layer in the order they are named, as libraries do it.</summary>
internal sealed partial class HttpBody
{
    private const int MaxOutputPerFeed = 1 << 20, BombRatio = 2048;
    private const long MostProduced = 256L << 20;

    /// <summary>One coding and how often it has been tried: what does not unpack as it is labelled is tried the other way, then passed on as it is.</summary>
    private sealed class Layer(bool gzip)
    {
        public readonly bool Gzip = gzip;
        public Inflater? Inflater = new(gzip ? Http.Inflater.Format.Gzip : Http.Inflater.Format.Raw);
        public bool Tried, PassesOn;
        public readonly SlidingBuffer Plain = new();
    }

    private readonly List<Layer> _layers = new(0);
    private long _wire;

    private void FindCodings(ReadOnlySpan<byte> coding, AppLayerOptions options, List<string> warnings)
    {
        _wire = 0;
        // one coding spelled right is the rule; anything else is read word by word, loosely
        if (HttpText.IsLoosely(coding, "gzip"u8) || HttpText.IsLoosely(coding, "x-gzip"u8)) _layers.Add(new Layer(true));
        else if (HttpText.IsLoosely(coding, "deflate"u8) || HttpText.IsLoosely(coding, "x-deflate"u8)) _layers.Add(new Layer(false));
        else if (HttpText.IsLoosely(coding, "lzma"u8) || HttpText.IsLoosely(coding, "none"u8) || HttpText.IsLoosely(coding, "inflate"u8)) return;
        else
        {
            int count = 0;
            while (!coding.IsEmpty)
            {
                int end = coding.IndexOfAny(", "u8);
                ReadOnlySpan<byte> word = end < 0 ? coding : coding[..end];
                coding = end < 0 ? default : coding[(end + 1)..];
                if (word.IsEmpty) continue;
                if (options.HttpLayers > 0 && ++count > options.HttpLayers || _layers.Count >= MaxLayers)
                {
                    warnings.Add(HttpEvents.TooManyLayers);
                    return;
                }
                AddCoding(word, warnings);
            }
        }
    }

    private const int MaxLayers = 16;

    private void AddCoding(ReadOnlySpan<byte> word, List<string> warnings)
    {
        if (HttpParser.ContainsIgnoreCase(word, "gzip"u8))
        {
            if (!word.SequenceEqual("gzip"u8) && !word.SequenceEqual("x-gzip"u8)) warnings.Add(HttpEvents.AbnormalCoding);
            _layers.Add(new Layer(true));
        }
        else if (HttpParser.ContainsIgnoreCase(word, "deflate"u8))
        {
            if (!word.SequenceEqual("deflate"u8) && !word.SequenceEqual("x-deflate"u8)) warnings.Add(HttpEvents.AbnormalCoding);
            _layers.Add(new Layer(false));
        }
        else if (!word.SequenceEqual("lzma"u8) && !HttpHeaders.Same(word, "inflate"u8) && !HttpHeaders.Same(word, "none"u8)) warnings.Add(HttpEvents.AbnormalCoding);
    }

    private void Unpack(ParseContext context, ReadOnlySpan<byte> bytes, int at, List<string> warnings)
    {
        if (at == 0) _wire += bytes.Length;
        if (at >= _layers.Count)
        {
            Take(context, bytes, warnings);
            return;
        }
        Layer layer = _layers[at];
        if (layer.PassesOn)
        {
            Unpack(context, bytes, at + 1, warnings);
            return;
        }
        ReadOnlySpan<byte> input = bytes;
        while (!_over)
        {
            Inflater inflater = layer.Inflater!;
            bool fresh = inflater.Produced == 0;
            layer.Plain.Clear();
            bool before = inflater.Failed;
            inflater.Feed(input, layer.Plain, MaxOutputPerFeed);
            if (inflater.Failed && !before)
            {
                warnings.Add(HttpEvents.GzipFailed);
                if (fresh && inflater.Produced == 0)
                {
                    warnings.Add(HttpEvents.GzipFailed);
                    inflater.Release();
                    if (!layer.Tried)
                    {
                        layer.Tried = true;
                        layer.Inflater = new Inflater(layer.Gzip ? Inflater.Format.Raw : Inflater.Format.Gzip);
                        input = bytes;
                        continue;
                    }
                    layer.Inflater = null;
                    layer.PassesOn = true;
                    Unpack(context, bytes, at + 1, warnings);
                    return;
                }
            }
            if (layer.Plain.Length == 0) return;
            if (Bursts(inflater, warnings)) return;
            Unpack(context, layer.Plain.Span, at + 1, warnings);
            if (!inflater.HasMore) return;
            input = default;
        }
    }

    /// <summary>A few bytes that unfold into megabytes are there to exhaust whoever unpacks them.</summary>
    private bool Bursts(Inflater inflater, List<string> warnings)
    {
        if (inflater.Produced <= MostProduced && (inflater.Produced <= 1 << 20 || inflater.Produced <= BombRatio * _wire)) return false;
        warnings.Add(HttpEvents.CompressionBomb);
        GiveUp();
        return true;
    }

    private void ReleaseLayers()
    {
        foreach (Layer layer in _layers)
        {
            layer.Inflater?.Release();
            layer.Plain.Release();
        }
        _layers.Clear();
    }
}
